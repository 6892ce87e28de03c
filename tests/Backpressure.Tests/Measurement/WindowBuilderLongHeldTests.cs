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
        _meter.LongHeld.Left(1, 1, 1);
        _gate = _gate with { InFlight = 19 };
        WindowSummary window = Pass(3)!.Value;

        Assert.Equal((30, 1), (window.Completions, window.Unsampled));
        Assert.InRange(window.LongHeld, 9, 9.4);
        Assert.InRange(window.Stretch, 0.85, 1);
        Assert.NotEqual(0, _meter.UsualLatencyTicks(2));
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
