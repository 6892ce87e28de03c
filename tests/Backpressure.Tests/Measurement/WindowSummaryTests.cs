using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

// Every number is worked out by hand.
public sealed class WindowSummaryTests
{
    [Fact]
    public void StretchNoise_BothSources_AddAsSquares()
        => Assert.Equal(0.5, (Empty with { Noise = 0.3, EdgeNoise = 0.4 }).StretchNoise, 12); // 3, 4, 5.

    [Fact]
    public void MeanNoise_TakesHalfOfTheEdges()
        => Assert.Equal(0.5, (Empty with { Noise = 0.3, EdgeNoise = 0.8 }).MeanNoise, 12); // 3, 8 / 2 = 4, 5.

    [Theory]
    [InlineData(6, 2, 3)]
    [InlineData(6, 0.5, 12)]
    [InlineData(0, 2, 0)]
    [InlineData(6, 0, 0)] // No time has passed: no rate, not an infinite one.
    public void WorkRate_IsWorkASecond(double work, double seconds, double expected)
        => Assert.Equal(expected, (Empty with { Work = work, Seconds = seconds }).WorkRate, 12);

    [Fact]
    public void Stretch_IsInFlightByWorkRate()
        => Assert.Equal(4, (Empty with { MeanInFlight = 12, Work = 6, Seconds = 2 }).Stretch, 12); // 12 / (6 / 2).

    [Fact]
    public void Stretch_NothingDone_IsHugeButANumber()
        => Assert.Equal(12e9, (Empty with { MeanInFlight = 12, Work = 0, Seconds = 2 }).Stretch, 1.0); // 12 / 1e-9.

    [Fact]
    public void LatencyStretch_IsLatenciesByWork()
        => Assert.Equal(1.5, (Empty with { LatencySum = 9, Work = 6 }).LatencyStretch, 12);

    [Theory]
    [InlineData(3, 3e12)] // 3 / 1e-12.
    [InlineData(0, 0)]
    public void LatencyStretch_NothingDone_IsANumber(double latencySum, double expected)
        => Assert.Equal(expected, (Empty with { LatencySum = latencySum, Work = 0 }).LatencyStretch, 1.0);

    [Theory]
    [InlineData(0, 20, 0.2)] // By Little's law: 8 × 0.5 / 20.
    [InlineData(1, 20, 0.3)] // By those that were served: 6 / 20.
    [InlineData(0, 1, 4)]
    [InlineData(0, 0, 4)] // Nobody came back: as if one had.
    [InlineData(1, 1, 6)]
    [InlineData(1, 0, 6)]
    public void Hold_GoesByLittle_UnlessSomeWereDropped(int dropped, int completions, double expected)
        => Assert.Equal(
            expected,
            (Empty with { Dropped = dropped, Completions = completions, MeanInFlight = 8, Seconds = 0.5, LatencySum = 6 }).Hold,
            12);

    [Theory]
    [InlineData(3, 1, 7.5)] // Three of the four seconds spent in flight were spent by those that were served.
    [InlineData(3, 0, 10)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 0)] // Nobody came back: none known, and not 0 / 0.
    public void ServedInFlight_IsTheirShareOfTheTime(double served, double dropped, double expected)
        => Assert.Equal(
            expected, (Empty with { MeanInFlight = 10, LatencySum = served, DroppedLatencySum = dropped }).ServedInFlight, 12);

    [Theory]
    [InlineData(4, 10, 0.2)] // √4 / 10.
    [InlineData(100, 10, 1)] // A single sample is its own error.
    [InlineData(4, 0, 1)] // No latency, nothing known.
    public void RelativeError_IsTheRootOfTheSquaresByTheSum(double squaredSum, double sum, double expected)
        => Assert.Equal(expected, (Empty with { LatencySquaredSum = squaredSum, LatencySum = sum }).RelativeError, 12);

    [Theory]
    [InlineData(49, 100, false)]
    [InlineData(50, 100, false)] // Half is not over half.
    [InlineData(51, 100, true)]
    [InlineData(50, 99, true)]
    [InlineData(0, 0, false)]
    [InlineData(1, 1, true)]
    public void Bound_OverHalfOfTheArrivalsMetAFullGate(long full, long arrivals, bool expected)
        => Assert.Equal(expected, (Empty with { FullArrivals = full, Arrivals = arrivals }).Bound);

    // Of 20 and five more that are no sample, holding units for two and a half times as long as the latencies say.
    [Fact]
    public void Held_CountsInWorkRateAndHoldAndServedInFlight()
    {
        WindowSummary window = Empty with
        {
            Completions = 20,
            Unsampled = 5,
            HeldPerLatency = 2.5,
            MeanInFlight = 10,
            Seconds = 2,
            Work = 6,
            LatencySum = 8,
            DroppedLatencySum = 5,
        };
        Assert.Equal(25, window.Served);
        Assert.Equal(7.5, window.WorkRate, 12); // 6 × 2.5 / 2.
        Assert.Equal(4 / 3.0, window.Stretch, 12);
        Assert.Equal(4 / 3.0, window.LatencyStretch, 12); // Of the samples alone: 8 / 6.
        Assert.Equal(0.8, window.Hold, 12); // 10 × 2 / 25.
        Assert.Equal(0.8, (window with { Dropped = 1 }).Hold, 12); // 8 × 2.5 / 25.
        Assert.Equal(8, window.ServedInFlight, 12); // 10 × 20 / (20 + 5).
    }

    private static WindowSummary Empty => new()
    {
        ClosedAt = 0,
        Seconds = 0,
        Completions = 0,
        Dropped = 0,
        DroppedSamples = 0,
        DroppedLatencySum = 0,
        MeanInFlight = 0,
        PeakInFlight = 0,
        Work = 0,
        Noise = 0,
        LatencySum = 0,
        LatencySquaredSum = 0,
        Arrivals = 0,
        FullArrivals = 0,
        Refused = 0,
        Limit = 20,
        CanQueue = true,
        Shadow = false,
    };
}
