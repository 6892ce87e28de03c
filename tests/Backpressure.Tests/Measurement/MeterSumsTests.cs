using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

public sealed class MeterSumsTests
{
    [Theory]
    [InlineData(10, 4, 2.5)]
    [InlineData(10, 0, 0)] // Nobody came back: none known.
    public void MeanLatency_IsTheSumByTheSamples(double sum, int samples, double expected)
        => Assert.Equal(expected, new MeterSums { LatencySum = sum, Samples = samples }.MeanLatency, 12);

    // One of 1 s and one of 3 s: of the four seconds in flight three belong to the long one, (1 × 1 + 3 × 3) / 4.
    [Theory]
    [InlineData(10, 4, 2.5)]
    [InlineData(0, 0, 0)] // Not 0 / 0.
    [InlineData(10, 0, 0)]
    public void Residence_IsTheLatencyThatAMomentInFlightBelongsTo(double secondMoment, double sum, double expected)
        => Assert.Equal(expected, new MeterSums { LatencySecondMoment = secondMoment, LatencySum = sum }.Residence, 12);

    [Theory]
    [InlineData(8, 16, 4)] // Four of 2 s: 64 / (4 × 4), all of them.
    [InlineData(4, 10, 1.6)] // 1 s and 3 s: 16 / 10, less than two.
    [InlineData(0, 0, 0)] // Not 0 / 0.
    [InlineData(4, 0, 0)]
    public void EffectiveSamples_UnequalOnes_AreFewerThanTheirNumber(double sum, double squaredSum, double expected)
        => Assert.Equal(expected, new MeterSums { LatencySum = sum, LatencySquaredSum = squaredSum }.EffectiveSamples, 12);

    [Theory]
    [InlineData(4, 0, 4, 1)]
    [InlineData(4, 6, 10, 2.5)]
    [InlineData(0, 6, 6, 1)] // Nothing to compare with.
    [InlineData(0, 0, 0, 1)]
    public void Held_IsLatenciesAndAllElseThatWasHeld(double latencies, double other, double held, double perLatency)
    {
        var sums = new MeterSums { LatencySum = latencies, OtherHeld = other };
        Assert.Equal((held, perLatency), (sums.Held, sums.HeldPerLatency));
    }

    [Theory]
    [InlineData(4, 0, 1)]
    [InlineData(4, 6, 2.5)]
    [InlineData(0, 6, 1)]
    public void MeanUnits_CountsTheFirstOfEach(int departures, double other, double expected)
        => Assert.Equal(expected, new MeterSums { Departures = departures, OtherUnits = other }.MeanUnits);
}
