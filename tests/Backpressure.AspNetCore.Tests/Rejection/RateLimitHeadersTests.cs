using Backpressure.AspNetCore.Rejection;
using Backpressure.Configuration;
using Backpressure.RateLimiting;

namespace Backpressure.AspNetCore.Tests.Rejection;

public sealed class RateLimitHeadersTests
{
    [Theory]
    [InlineData(RateLimitAlgorithm.FixedWindow, 100, 100, 60_000, "\"PerKey\";q=100;w=60")]
    [InlineData(RateLimitAlgorithm.SlidingWindow, 100, 100, 1_500, "\"PerKey\";q=100;w=2")]
    [InlineData(RateLimitAlgorithm.TokenBucket, 200, 100, 1_000, "\"PerKey\";q=200;w=2")]
    [InlineData(RateLimitAlgorithm.FixedWindow, 5, 5, 100, "\"PerKey\";q=5")]
    [InlineData(RateLimitAlgorithm.Concurrency, 5, 5, 0, "\"PerKey\";q=5;qu=\"concurrent-requests\"")]
    public void PolicyOf_SaysQuotaAndWindow(RateLimitAlgorithm algorithm, int permits, int perPeriod, int periodMilliseconds, string expected)
        => Assert.Equal(expected, RateLimitHeaders.PolicyOf(Limit(algorithm, permits, perPeriod, TimeSpan.FromMilliseconds(periodMilliseconds))));

    [Theory]
    [InlineData(0, 29_100, "\"PerKey\";r=0;t=30")]
    [InlineData(3, 0, "\"PerKey\";r=3")]
    public void ValueOf_SaysWhatIsLeftAndUntilWhen(long remaining, int resetMilliseconds, string expected)
        => Assert.Equal(expected, RateLimitHeaders.ValueOf(new RateLimitStatus(
            Limit(RateLimitAlgorithm.FixedWindow, 5, 5, TimeSpan.FromMinutes(1)), remaining, TimeSpan.FromMilliseconds(resetMilliseconds))));

    [Theory]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("größe\r\n", "\"gr??e??\"")]
    public void Quote_MakesAStructuredString(string name, string expected)
        => Assert.Equal(expected, RateLimitHeaders.Quote(name));

    private static RateLimitSettings Limit(RateLimitAlgorithm algorithm, int permits, int perPeriod, TimeSpan period) => new()
    {
        Name = "PerKey",
        Algorithm = algorithm,
        PartitionBy = new PartitionSettings(PartitionKind.Address, null),
        Permits = permits,
        PermitsPerPeriod = perPeriod,
        Period = period,
        SegmentsPerWindow = 1,
    };
}
