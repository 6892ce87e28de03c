using Backpressure.Http.Destinations;

namespace Backpressure.Http.Tests.Destinations;

public sealed class ClientThrottleTests
{
    [Theory]
    [InlineData(100, 100, 0)]
    [InlineData(100, 50, 0)]
    [InlineData(99, 0, 0.9)]
    [InlineData(100, 25, 50.0 / 101)]
    [InlineData(9, 0, 0)]
    public void Probability_IsTheSourcesFormula_NeverAboveNineTenths(int requests, int accepts, double probability) =>
        Assert.Equal(probability, ClientThrottle.ProbabilityOf(requests, accepts, 2), 10);

    [Fact]
    public void SlidingCounts_ForgetSliceBySlice()
    {
        var counts = new SlidingCounts(2, window: 1000);
        counts.Add(0, 0);
        counts.Add(1, 550);
        counts.Add(0, 900);

        Assert.Equal((2, 1), (counts.Sum(0, 999), counts.Sum(1, 999)));
        Assert.Equal((1, 1), (counts.Sum(0, 1000), counts.Sum(1, 1000)));
        Assert.Equal((1, 0), (counts.Sum(0, 1500), counts.Sum(1, 1500)));
        Assert.Equal((0, 0), (counts.Sum(0, 1_000_000), counts.Sum(1, 1_000_000)));
        counts.Add(0, 500_000);
        Assert.Equal(1, counts.Sum(0, 1_000_000));
    }

    [Fact]
    public void RefusalReasons_HaveTags() =>
        Assert.All(Enum.GetValues<RefusalReason>(), static reason => Assert.Matches("^[a-z_]+$", reason.Tag()));
}
