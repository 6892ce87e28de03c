namespace Backpressure;

/// <summary>The framework's limiter that a rate limit uses (<c>System.Threading.RateLimiting</c>).</summary>
public enum RateLimitAlgorithm
{
    /// <summary>A bucket of tokens, refilled at a steady rate. The default.</summary>
    TokenBucket = 0,

    /// <summary>So many permits a window, all given back when the next one begins.</summary>
    FixedWindow = 1,

    /// <summary>So many permits in any window's length, given back a segment at a time.</summary>
    SlidingWindow = 2,

    /// <summary>So many requests of one key in the system at once, waiting ones counted.</summary>
    Concurrency = 3,
}
