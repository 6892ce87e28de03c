using System.Threading.RateLimiting;

namespace Backpressure.RateLimiting;

/// <summary>
/// What a request that passed its rate limit must give back when it is done: its place among the requests of its
/// key in the system. Only <see cref="RateLimitAlgorithm.Concurrency"/> has one; of the others it is empty.
/// Giving it back twice, or to a limit that a reload has removed, does nothing.
/// </summary>
internal readonly struct RateLimitPermit(RateLimitLease? lease) : IDisposable
{
    /// <summary>Whether there is anything to give back.</summary>
    public bool IsHeld => lease is not null;

    public void Dispose() => lease?.Dispose();
}
