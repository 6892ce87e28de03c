using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>Ten units are held all the time, by a request of each, while ten others come and go, each in 1/16 s.</summary>
public sealed class WindowBuilderLongHeldTests : WindowRig
{
    private const int Latency = 64;

    [Fact]
    public void TryClose_UnitsThatStayTaken_AreNoStretch()
    {
        WindowSummary window = Pass(80)!.Value;

        Assert.Equal(10, window.LongHeld, 9);
        Assert.Equal(19, window.MeanInFlight, 9);
        Assert.Equal(19 / 9.0, window.HeldPerLatency, 9);
        Assert.Equal(9 / 10.0, window.Stretch, 9);
        Assert.Equal(window.LatencyStretch * 0.9, window.Stretch, 9);
    }

    // The edges of a window cut through those that come and go.
    [Fact]
    public void TryClose_UnitsThatStayTaken_AddNoNoise()
    {
        WindowSummary window = Pass(80)!.Value;
        Assert.Equal(0.57 * Latency / 1024 / (window.Seconds * Math.Sqrt(9)), window.EdgeNoise, 9);
    }

    // Of those that are not noted yet only the mean number is known.
    [Fact]
    public void TryClose_WhereSomeEndAllTheTime_AddsTheErrorOfThoseThatAreNotNoted()
    {
        Pass(80);
        _meter.LongHeld.Ended(16);
        WindowSummary window = Pass(13)!.Value;

        double error = _meter.LongHeld.Error;
        double rest = window.MeanInFlight - window.LongHeld;
        double edges = 0.57 * Latency / 1024 / (window.Seconds * Math.Sqrt(rest));
        Assert.InRange(error, 1, 1.3);
        Assert.Equal(Math.Sqrt((edges * edges) + (error * error / (rest * rest))), window.EdgeNoise, 9);
    }

    [Fact]
    public void RestWorkRate_IsThatOfThoseThatComeAndGo()
    {
        WindowSummary window = Pass(80)!.Value;
        Assert.Equal(window.WorkRate * 9 / 19, window.RestWorkRate, 9);
        Assert.Equal(window.WorkRate, (window with { LongHeld = 0 }).RestWorkRate);
    }

    // 25 samples are there after three rounds; with ten units of which nothing comes back it would be longer.
    [Fact]
    public void TryClose_UnitsThatStayTaken_AreNotWaitedFor() => Assert.Equal(3 * Latency / 1024.0, Pass(80)!.Value.Seconds, 9);

    // Four hundred samples are forty rounds: before that, it is not known yet how long requests may take.
    [Fact]
    public void TryClose_AmongTheFirstSamples_LeavesNothingOut()
    {
        WindowSummary window = Pass(38)!.Value;
        Assert.Equal(0, window.LongHeld);
        Assert.InRange(window.Stretch, 1.8, 2);
    }

    [Fact]
    public void TryClose_ForALawThatIsShownAll_LeavesNothingOut()
    {
        _builder.LeavesOutLongHeld = false;
        WindowSummary window = Pass(80)!.Value;
        Assert.Equal(0, window.LongHeld);
        Assert.InRange(window.Stretch, 1.8, 2);
    }

    // It ran for eight seconds, and its window for a fifth of one.
    [Fact]
    public void TryClose_TheEndOfOneThatWasThereAllTheTime_IsNoWorkOfItsWindow()
    {
        Pass(80);
        _meter.Record(_sequence++, 2, _now - 1, 20);
        _meter.LongHeld.Left(1, 1);
        _meter.LongHeld.Ended(1);
        _gate = _gate with { InFlight = 19 };
        WindowSummary window = Pass(3)!.Value;

        Assert.Equal((30, 1), (window.Completions, window.Unsampled));
        Assert.InRange(window.LongHeld, 9, 9.4);
        Assert.InRange(window.Stretch, 0.85, 1);
        Assert.NotEqual(0, _meter.UsualLatencyTicks(2));
    }

    // Nobody but those that stay: for want of work, and not because it is slow.
    [Fact]
    public void TryClose_WithNothingInFlightButThose_CountsNoTime()
    {
        Pass(80);
        _builder.Restart(_gate, _now, Settling.None);
        _gate = _gate with { InFlight = 10, FullArrivals = 10 };
        Assert.Null(Close(0));
        Assert.Null(Close(1024));
        _gate = _gate with { InFlight = 20 };
        Assert.Null(Close(0));
        WindowSummary window = Pass(4)!.Value;
        Assert.InRange(window.Seconds, 0.18, 0.26);
        Assert.InRange(window.Stretch, 0.7, 1.1);
    }

    // One that leaves as the last, having counted for a moment of a window: no work is done by none, which is none and not unknown.
    [Fact]
    public void RestWorkRate_OfNothing_IsNothing()
    {
        WindowSummary none = Pass(80)!.Value with { MeanInFlight = 0, Work = 0, LongHeld = 0.6 };
        Assert.Equal(0, none.RestWorkRate);
        Assert.Equal(0, (none with { MeanInFlight = 0.5, Work = 1 }).RestWorkRate);
    }

    // The very first takes all there is, and nothing is known of how long anything takes.
    [Theory]
    [InlineData(10240, 1, false)]
    [InlineData(10241, 1, true)]
    [InlineData(20480, 0, false)]
    public void TryClose_BeforeAnythingHasComeBack_ClosesAfterTenSecondsOfAFullGate(int after, int full, bool closes)
    {
        _gate = _gate with { InFlight = 1, Limit = 1, FullArrivals = full };
        Assert.Null(Close(0));
        Assert.Equal(closes, Close(after) is not null);
    }

    // They come one by one, each long after the window was opened.
    [Fact]
    public void TryClose_BeforeAnythingHasComeBack_CountsWhoPressedFirst()
    {
        _gate = _gate with { InFlight = 1, Limit = 1 };
        Assert.Null(Close(0));
        Assert.Null(Close(1000));
        _gate = _gate with { FullArrivals = 1, Waiting = 1 };
        Assert.Null(Close(24));
        WindowSummary window = Close(10241)!.Value;
        Assert.Equal((0, 1, true), (window.Served, window.FullArrivals, window.Bound));
    }

    private WindowSummary? Pass(int rounds)
    {
        if (_now == 0)
        {
            Warm(Latency, inFlight: 20);
        }

        WindowSummary? last = null;
        for (int i = 0; i < rounds; i++)
        {
            _now += Latency;
            Leave(10, Latency, inFlight: 20);
            if (Close(0) is { } window)
            {
                last = window;
                _meter.CloseWindow(default);
                _builder.Restart(_gate, _now, Settling.None);
            }
        }

        return last;
    }
}
