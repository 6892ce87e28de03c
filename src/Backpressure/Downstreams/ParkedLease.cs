namespace Backpressure.Downstreams;

/// <summary>What a lease that waits has of its own, beside what its waiter knows.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Other">The permit that it gives back, if any.</param>
/// <param name="Holds">What else it holds.</param>
internal readonly record struct ParkedLease(ResolvedClass Class, object? Other, LeaseHolds Holds);
