namespace Backpressure;

/// <summary>
/// How much one client may ask for, whatever the downstream could do: a policy fixed in advance. Never queues;
/// beyond it the answer is 429. A reload that changes it starts it afresh; one that does not keeps what was spent.
/// </summary>
public sealed class RateLimitOptions
{
    /// <summary>The framework's limiter that keeps it. Default <see cref="RateLimitAlgorithm.TokenBucket"/>.</summary>
    public RateLimitAlgorithm Algorithm { get; set; }

    /// <summary>
    /// Whose rate it is, as <see cref="BackpressureOptions.PartitionBy"/>, which is the default. At most 100 000 keys
    /// have an allowance of their own at a time; keys beyond those share one, until others have all of theirs back.
    /// </summary>
    public string? PartitionBy { get; set; }

    /// <summary>
    /// Who keeps it together. Default <see cref="RateLimitScope.Replica"/>. <see cref="RateLimitScope.Fleet"/> needs a store that is
    /// registered (AddBackpressureRedis of the package Backpressure.Redis does) and is refused for
    /// <see cref="RateLimitAlgorithm.Concurrency"/>: a replica that dies would keep its permits.
    /// </summary>
    public RateLimitScope Scope { get; set; }

    /// <summary>Token bucket: tokens it holds at most. 1 to 1 000 000. Required there, refused elsewhere.</summary>
    public int? TokenLimit { get; set; }

    /// <summary>Token bucket: tokens added a period, spread evenly over it. 1 to <see cref="TokenLimit"/>. Required there, refused elsewhere.</summary>
    public int? TokensPerPeriod { get; set; }

    /// <summary>Token bucket: the period. 1 ms to 10 minutes; default 1 s. Refused elsewhere.</summary>
    public TimeSpan? ReplenishmentPeriod { get; set; }

    /// <summary>Windows and concurrency: permits a window, or at once. 1 to 1 000 000. Required there, refused for a token bucket.</summary>
    public int? PermitLimit { get; set; }

    /// <summary>Windows: their length; a key's first one begins with its first request. 1 ms to 10 minutes; default 1 s. Refused elsewhere.</summary>
    public TimeSpan? Window { get; set; }

    /// <summary>Sliding window: segments it is divided into. 1 to 100; default 10. Refused elsewhere.</summary>
    public int? SegmentsPerWindow { get; set; }
}
