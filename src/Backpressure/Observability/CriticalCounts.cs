namespace Backpressure.Observability;

/// <summary>What became of all critical requests so far.</summary>
/// <param name="Admitted">Those that ran.</param>
/// <param name="Refused">Those that were refused for want of capacity.</param>
internal readonly record struct CriticalCounts(long Admitted, long Refused);
