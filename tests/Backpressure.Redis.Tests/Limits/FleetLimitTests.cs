using Backpressure.Configuration;
using Backpressure.Redis.Limits;

namespace Backpressure.Redis.Tests.Limits;

public sealed class FleetLimitTests
{
    private const string Secret = "sk_live_4242";

    [Fact]
    public void KeyOf_HoldsNothingOfTheKeyItself_AndOneNodeHasIt()
    {
        string key = KeyOf(Settings(), Secret);

        Assert.Matches(@"\Afleet:PER%20KEY%7B%3A%7D:bucket-10-5-1000000:\{[0-9a-f]{32}\}\z", key);
        Assert.DoesNotContain(Secret, key, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void KeyOf_DiffersByKeyAndByLimit_AndNotByTheCaseOfItsName()
    {
        string[] keys =
        [
            KeyOf(Settings(), Secret), KeyOf(Settings(), "other"), KeyOf(Settings(), ""), KeyOf(Settings(), null), KeyOf(Settings(), "all"),
            KeyOf(Settings() with { Permits = 11 }, Secret), KeyOf(Settings() with { PermitsPerPeriod = 4 }, Secret),
            KeyOf(Settings() with { Period = TimeSpan.FromSeconds(2) }, Secret),
            KeyOf(Settings() with { Algorithm = RateLimitAlgorithm.FixedWindow }, Secret),
            KeyOf(Settings() with { Algorithm = RateLimitAlgorithm.SlidingWindow, SegmentsPerWindow = 10 }, Secret),
            KeyOf(Settings() with { Name = "Other" }, Secret),
        ];

        Assert.Equal(keys.Length, keys.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(KeyOf(Settings(), Secret), KeyOf(Settings() with { Name = "per KEY{:}" }, Secret));
    }

    [Fact]
    public void Segments_AreNeverShorterThanTheWindowSays()
    {
        var limit = new FleetLimit("fleet", Settings() with
        {
            Algorithm = RateLimitAlgorithm.SlidingWindow,
            Period = TimeSpan.FromMilliseconds(1),
            SegmentsPerWindow = 7,
        });

        Assert.Equal([10, 143, 7], limit.Arguments.Select(static argument => (int)argument));
    }

    private static string KeyOf(RateLimitSettings settings, string? key) => new FleetLimit("fleet", settings).KeyOf(key).ToString();

    private static RateLimitSettings Settings() => new()
    {
        Name = "Per Key{:}",
        Algorithm = RateLimitAlgorithm.TokenBucket,
        Scope = RateLimitScope.Fleet,
        PartitionBy = new PartitionSettings(PartitionKind.None, null),
        Permits = 10,
        PermitsPerPeriod = 5,
        Period = TimeSpan.FromSeconds(1),
        SegmentsPerWindow = 1,
    };
}
