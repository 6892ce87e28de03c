using Backpressure.Configuration;

namespace Backpressure.Tests.RateLimiting;

/// <summary>Settings as validation would make them.</summary>
internal static class RateLimits
{
    public static RateLimitSettings TokenBucket(string name, int tokens, int perPeriod, TimeSpan period) =>
        Make(name, RateLimitAlgorithm.TokenBucket, tokens, perPeriod, period, 1);

    public static RateLimitSettings FixedWindow(string name, int permits, TimeSpan window) =>
        Make(name, RateLimitAlgorithm.FixedWindow, permits, permits, window, 1);

    public static RateLimitSettings SlidingWindow(string name, int permits, TimeSpan window, int segments) =>
        Make(name, RateLimitAlgorithm.SlidingWindow, permits, permits, window, segments);

    public static RateLimitSettings Concurrency(string name, int permits) =>
        Make(name, RateLimitAlgorithm.Concurrency, permits, permits, TimeSpan.Zero, 1);

    private static RateLimitSettings Make(string name, RateLimitAlgorithm algorithm, int permits, int perPeriod, TimeSpan period, int segments) => new()
    {
        Name = name,
        Algorithm = algorithm,
        PartitionBy = new PartitionSettings(PartitionKind.None, null),
        Permits = permits,
        PermitsPerPeriod = perPeriod,
        Period = period,
        SegmentsPerWindow = segments,
    };
}
