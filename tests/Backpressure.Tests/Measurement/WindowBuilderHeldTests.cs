using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>Windows in which units are held of which no latency tells: by requests that are no sample, or take more than one.</summary>
public sealed class WindowBuilderHeldTests : WindowRig
{
    [Fact]
    public void TryClose_HalfOfThemNoSample_WorkIsThatOfAll()
    {
        Warm(64);
        Leave(25, 64, inFlight: 20, sampled: true);
        Leave(25, 64, inFlight: 20, sampled: false);
        _meter.Dropped(-1);
        _meter.Record(_sequence++, 1, -1, 20);
        WindowSummary window = Close(200)!.Value;
        Assert.Equal((25, 25, 1), (window.Completions, window.Unsampled, window.Dropped));
        Assert.Equal(2, window.HeldPerLatency);
        Assert.Equal(50 * 64 / 200.0, window.WorkRate, 9);
    }

    // On a free gate a departure counts itself, with all its units.
    [Theory]
    [InlineData(1, 19)]
    [InlineData(4, 16)]
    public void TryClose_MeanInFlight_IsLessItsOwnUnits(int cost, double expected)
    {
        Warm(64);
        Leave(25, 64, inFlight: 20, cost: cost);
        WindowSummary window = Close(144)!.Value;
        Assert.Equal(expected, window.MeanInFlight, 9);
        Assert.Equal(cost, window.HeldPerLatency);
    }

    // 0.57 × 64 / 144 by the root of those in flight: 64 units are 16 requests of four.
    [Fact]
    public void TryClose_EdgeNoise_GoesByRequestsAndNotByUnits()
    {
        Warm(64);
        Leave(25, 64, inFlight: 68, cost: 4);
        Assert.Equal(0.57 * 4 / 9 / 4, Close(144)!.Value.EdgeNoise, 9);
    }

    // 52 × 160 = 1.3 × 25 × 64 × 4.
    [Theory]
    [InlineData(160, true)]
    [InlineData(161, false)]
    public void TryClose_WhatCameBack_AccountsForItsUnits(int after, bool closes)
    {
        Warm(64, cost: 4);
        _gate = _gate with { InFlight = 52 };
        Assert.Null(Close(0));
        Leave(25, 64, cost: 4);
        Assert.Equal(closes, Close(after) is not null);
    }

    // As for one unit: 46.875 latencies of 64 are 3000, now of four units each, and 80 in flight for 150 ticks are as many.
    [Theory]
    [InlineData(150, false)]
    [InlineData(151, true)]
    public void TryClose_Overdue_CountsUnits(int after, bool closes)
    {
        Warm(64, cost: 4);
        _gate = _gate with { InFlight = 80 };
        Assert.Null(Close(0));
        Leave(5, 64, cost: 4);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Theory]
    [InlineData(179, false)]
    [InlineData(180, true)] // 80 units in flight for 200 ticks, and 25 of eight came back: 80 each, not 64; 2.25 × 80.
    public void TryClose_VeryFirstSamples_CountWhatHasNotComeBackByUnits(int after, bool closes)
    {
        _gate = _gate with { InFlight = 80 };
        Assert.Null(Close(0));
        Leave(25, 64, cost: 8);
        Assert.Null(Close(200));
        Leave(25, 64, cost: 8);
        Assert.Equal(closes, Close(after) is not null);
    }

    // By Little's law 56 units that pass 25 × 4 in 160 ticks take 89.6 each, more than 1.3 × 64: the next waits for 2.25 × 89.6.
    [Theory]
    [InlineData(48, 144, true)]
    [InlineData(56, 201, false)]
    [InlineData(56, 202, true)]
    public void TryClose_NextWindow_WaitsByLittlesLawOfUnits(int inFlight, int after, bool closes)
    {
        Warm(64, cost: 4);
        Leave(25, 64, inFlight: inFlight + 4, cost: 4);
        Assert.Equal(inFlight, Close(160)!.Value.MeanInFlight);
        _builder.Restart(_gate, _now, Settling.None);
        Leave(25, 64, cost: 4);
        Assert.Equal(closes, Close(after) is not null);
    }
}
