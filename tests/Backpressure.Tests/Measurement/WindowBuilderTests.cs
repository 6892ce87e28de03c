using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

public sealed class WindowBuilderTests
{
    private const long Millisecond = 10_000;
    private readonly ServiceMeter _meter = new(1000 * Millisecond);
    private readonly WindowBuilder _builder;
    private uint _sequence;
    private long _now;
    private int _inFlight = 20;
    private long _full;
    private long _refused;

    public WindowBuilderTests() => _builder = new WindowBuilder(_meter, 1000 * Millisecond, 0);

    [Fact]
    public void TryClose_VeryFirstSamples_OnlyTellHowLongToWait()
    {
        Assert.Null(Run(2, 50, 110));
        Assert.NotNull(Run(2, 50, 200));
    }

    [Fact]
    public void TryClose_EnoughSamples_WaitsForTheLeastTime()
    {
        Warm(10);
        WindowSummary window = Run(20, 10, 300)!.Value;
        Assert.InRange(window.Seconds, 0.05, 0.056);
        Assert.InRange(window.Completions, 1000, 1120);
        Assert.Equal(20, window.MeanInFlight, 1.0);
        Assert.Equal(0.01, window.LatencySum / window.Completions, 6);
    }

    [Fact]
    public void TryClose_SlowRequests_WaitsForTwoLatencies()
    {
        Warm(200);
        Assert.InRange(Run(2, 200, 2000)!.Value.Seconds, 0.449, 0.47);
    }

    [Fact]
    public void TryClose_Hasty_TakesFewSamples()
    {
        Warm(50);
        _inFlight = 3;
        WindowSummary hasty = Run(0.08, 50, 2000, pace: WindowPace.Hasty)!.Value;
        Assert.Equal(12, hasty.Completions);
        _builder.Restart(Reading(), _now, Settling.None);
        WindowSummary full = Run(0.08, 50, 2000)!.Value;
        Assert.Equal(25, full.Completions);
    }

    [Fact]
    public void TryClose_RequestsOverdue_ClosesWithWhatIsThere()
    {
        Warm(50);

        // 20 in flight should give 40 departures in 100 ms; there are few.
        WindowSummary window = Run(0.1, 50, 1000)!.Value;
        Assert.InRange(window.Completions, 5, 20);
        Assert.True(window.Seconds < 0.2);
        Assert.Equal(20, window.MeanInFlight, 1.0);
    }

    [Fact]
    public void TryClose_AfterAChange_IgnoresOneLatency()
    {
        Warm(80);
        _builder.Restart(Reading(), _now, Settling.AfterChange);
        long changed = _now;
        WindowSummary window = Run(2, 80, 2000)!.Value;
        Assert.InRange(window.ClosedAt - changed, (80 + 180) * Millisecond, (80 + 200) * Millisecond);
        Assert.InRange(window.Seconds, 0.18, 0.2);
    }

    [Fact]
    public void TryClose_Dropped_ClosesAtOnce_ThenOnceAWindow()
    {
        Warm(50);
        _meter.Dropped(300 * Millisecond);
        _meter.Dropped(-1);
        WindowSummary window = Run(2, 50, 10)!.Value;
        Assert.Equal(2, window.Dropped);
        Assert.Equal(1, window.DroppedSamples);
        Assert.Equal(0.3, window.DroppedLatencySum, 9);
        _builder.Restart(Reading(), _now, Settling.AfterDropped);
        _meter.Dropped(-1);
        Assert.Null(Run(2, 50, 95));
    }

    [Fact]
    public void TryClose_DroppedHeardOfAlready_WaitsUntilItKnowsHowMany()
    {
        Warm(50);
        _meter.Dropped(-1);
        WindowSummary window = Run(2, 50, 300, WindowPace.Heard)!.Value;
        Assert.Equal(1, window.Dropped);
        Assert.True(window.Completions + window.Dropped >= 25);
    }

    [Fact]
    public void TryClose_StrayDropped_DoesNotCloseEarly()
    {
        Warm(50);
        Assert.Null(Run(2, 50, 80));
        _meter.Dropped(-1);
        Assert.Null(Run(2, 50, 15));
    }

    [Fact]
    public void Arrivals_AreWhatLeftWasRefusedOrStays()
    {
        Warm(50);
        _full += 30;
        _refused += 30;
        _inFlight += 5;
        WindowSummary window = Run(2, 50, 300)!.Value;
        Assert.Equal(window.Completions + 30 + 5, window.Arrivals);
        Assert.Equal(30, window.Refused);
        Assert.False(window.Bound);
    }

    [Fact]
    public void TryClose_LoadBeginsToPress_StartsAnew()
    {
        Warm(50);
        _inFlight = 1;
        Assert.Null(Run(0.02, 50, 400));
        long onset = _now;
        _inFlight = 20;
        WindowSummary? window = null;
        for (int i = 0; i < 40 && window is null; i++)
        {
            _full += 20;
            window = Run(2, 50, 10);
        }

        Assert.True(window!.Value.Bound);
        Assert.True(window.Value.Seconds * 1000 * Millisecond < window.Value.ClosedAt - onset + Millisecond);
    }

    [Fact]
    public void TryClose_NothingDeparts_StaysOpen()
    {
        Warm(50);
        Assert.Null(Run(0, 50, 900));
    }

    private void Warm(int latency)
    {
        Assert.Null(Run(2, latency, 2 * latency));
        for (int i = 0; i < 100 && Run(2, latency, 5) is null; i++)
        {
        }

        _builder.Restart(Reading(), _now, Settling.None);
    }

    private GateReading Reading() => new()
    {
        Limit = 20,
        InFlight = _inFlight,
        Waiting = 0,
        FullArrivals = _full,
        Refused = _refused,
        AdmittedLate = 0,
        CanQueue = true,
        Shadow = false,
    };

    private WindowSummary? Run(double departuresPerMillisecond, int latency, int milliseconds, WindowPace pace = WindowPace.Usual)
    {
        double owed = 0;
        for (int i = 0; i < milliseconds; i++)
        {
            _now += Millisecond;
            for (owed += departuresPerMillisecond; owed >= 1; owed--)
            {
                _meter.Record(_sequence++, 1, latency * Millisecond, _inFlight + 1);
            }

            if (i % 5 == 4 && _builder.TryClose(Reading(), _now, pace, out WindowSummary window))
            {
                return window;
            }
        }

        return null;
    }
}
