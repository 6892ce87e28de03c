using Backpressure.Adaptation;
using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class SampleWindowTests
{
    [Theory]
    [InlineData(0, 5510.0 / 3)]
    [InlineData(1, 10_510.0 / 4)] // A dropped one counts with its time: ImmutableAverageSampleWindowTest, where its name says otherwise.
    public void With_Latencies_AveragesDroppedOnesToo(int dropped, double expected)
    {
        SampleWindow sample = new SampleWindow()
            .With(TestWindow.Of(1, 1, 1, completions: 1) with { LatencySum = 5000 })
            .With(TestWindow.Of(1, 1, 1, completions: 1) with { LatencySum = 500 })
            .With(TestWindow.Of(1, 1, 1, completions: 1, dropped: dropped, droppedLatency: 5000) with { LatencySum = 10 });
        Assert.Equal(expected, sample.Latency, 6);
        Assert.Equal(dropped > 0, sample.Dropped);
        Assert.Equal(3 + dropped, sample.Samples);
    }

    [Fact]
    public void With_Windows_KeepsTheMostInFlightAndAnyDropped()
    {
        SampleWindow sample = new SampleWindow()
            .With(TestWindow.Of(3, 1, 20, peak: 9, seconds: 0.4))
            .With(TestWindow.Of(3, 1, 20, peak: 5, dropped: 1, seconds: 0.4))
            .With(TestWindow.Of(3, 1, 20, peak: 7, seconds: 0.1));
        Assert.Equal(9, sample.PeakInFlight);
        Assert.True(sample.Dropped);
        Assert.Equal(150, sample.Samples); // That one has no time of its own.
        Assert.False(sample.IsOver);
        Assert.True(sample.With(TestWindow.Of(3, 1, 20, seconds: 0.11)).IsOver);
    }

    [Theory]
    [InlineData(20, false, true, true)]
    [InlineData(21, false, true, false)] // A signal holds the gate lower.
    [InlineData(20, true, true, false)] // A shadow gate let in more than it would have.
    [InlineData(20, true, false, true)]
    public void Teaches_WhatALimitDoes(int limit, bool shadow, bool bound, bool expected)
        => Assert.Equal(expected, SampleWindow.Teaches(TestWindow.Of(20, 1, 20, bound, shadow: shadow), limit));

    [Fact]
    public void LawsThatJudgeByTheSecond_LeaveNothingOut()
    {
        LimitSettings settings = new() { Algorithm = LimitAlgorithm.Vegas, Initial = 20, Min = 4, Max = 1000 };
        Assert.False(new VegasLaw(settings).Settles);
        Assert.False(new Gradient2Law(settings).Settles);
    }

    [Theory]
    [InlineData(10, 0.001, true)]
    [InlineData(9, 0.001, false)]
    [InlineData(10, 0.00099, false)]
    [InlineData(0, 0, false)]
    public void IsEnough_TenSamplesOfAHundredMicroseconds(int samples, double latencySum, bool expected)
        => Assert.Equal(expected, new SampleWindow(1, samples, latencySum, 5, false).IsEnough);
}
