namespace Backpressure.RateLimiting;

/// <summary>What a limit that a fleet shares says to one request.</summary>
/// <param name="IsAcquired">Whether it may go on.</param>
/// <param name="Permit">To be disposed of when the request is done; held only where a reload has made the limit this replica's own Concurrency.</param>
/// <param name="RetryAfter">When to try again: whole seconds, at least one; zero when it may go on.</param>
/// <param name="Status">What is left, for the headers; null when a reload has removed the limit.</param>
internal readonly record struct RateLimitVerdict(bool IsAcquired, RateLimitPermit Permit, TimeSpan RetryAfter, RateLimitStatus? Status);
