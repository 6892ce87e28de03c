using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class LimitControllerTests
{
    private const long TicksPerSecond = 1000;
    private static readonly LimitSettings _aimd = new() { Algorithm = LimitAlgorithm.Aimd, Initial = 10, Min = 2, Max = 100 };
    private readonly ServiceMeter _meter = new(TicksPerSecond);
    private uint _sequence;
    private long _full;

    [Fact]
    public void IsDue_EveryFiveMillisecondsOr256Completions()
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0);
        Assert.False(controller.IsDue(1, 4));
        Assert.True(controller.IsDue(512, 4));
        Assert.True(controller.IsDue(1, 5));
        controller.TryStep(Reading(10), 5, out _);
        Assert.False(controller.IsDue(1, 9));
        Assert.True(controller.IsDue(1, 10));
    }

    [Fact]
    public void TryStep_BoundWindows_ReportsChangesOnly()
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0);
        List<int> limits = Drive(controller, 0, 1000);
        Assert.Equal(Enumerable.Range(11, limits.Count), limits);
        Assert.InRange(limits.Count, 10, 20);
        Assert.Equal(limits[^1], controller.Current.Limit);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Vegas, 16)] // A second to take the latency in, then more by beta.
    [InlineData(LimitAlgorithm.Gradient2, 11)] // 0.8 a second.
    public void TryStep_LawsByTheSecond_StepOnceASecond(LimitAlgorithm algorithm, int expected)
    {
        LimitController controller = new(_aimd with { Algorithm = algorithm }, _meter, TicksPerSecond, 0);
        Assert.Empty(Drive(controller, 0, 1000));
        Assert.Equal([expected], Drive(controller, 1000, 1600));
        Assert.Equal(expected, controller.Current.Limit);
    }

    [Fact]
    public void TryStep_NothingButSlowDropped_IsNotLostBetweenTheWindowsOfALawByTheSecond()
    {
        LimitController controller = new(_aimd with { Algorithm = LimitAlgorithm.Vegas, Initial = 100 }, _meter, TicksPerSecond, 0);
        List<int> limits = [];
        for (long now = 50; now <= 3600; now += 50)
        {
            // Twenty a second, all dropped: each closes a window of its own.
            _meter.Dropped(50);
            _meter.Record(_sequence++, 1, -1, 100);
            if (controller.TryStep(Reading(100), now, out LimitDecision decision))
            {
                limits.Add(decision.Limit);
            }
        }

        Assert.Equal([98, 97], limits);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Vegas)]
    [InlineData(LimitAlgorithm.Gradient2)]
    public void Reconfigure_ToAndFromALawByTheSecond_StartsFromTheCurrentLimit(LimitAlgorithm algorithm)
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0);
        int learnt = Drive(controller, 0, 500)[^1];
        Assert.Equal(learnt, controller.Reconfigure(_aimd with { Algorithm = algorithm, Initial = 3 }).Limit);
        int moved = Drive(controller, 500, 3000)[^1];
        Assert.NotEqual(learnt, moved);
        Assert.Equal(moved, controller.Reconfigure(_aimd with { Algorithm = algorithm, Initial = 50 }).Limit);
        Assert.Equal(moved, controller.Reconfigure(_aimd with { Initial = 50 }).Limit);
    }

    [Fact]
    public void TryStep_EveryAlgorithm_HasALaw()
        => Assert.All(
            Enum.GetValues<LimitAlgorithm>(),
            algorithm => Assert.Equal(
                10, new LimitController(_aimd with { Algorithm = algorithm }, _meter, TicksPerSecond, 0).Current.Limit));

    [Fact]
    public void TryStep_ManyDropped_CutsAtMostOnceAWindow()
    {
        LimitController controller = new(_aimd with { Initial = 100 }, _meter, TicksPerSecond, 0);
        int cuts = 0;
        for (long now = 1; now <= 1000; now++)
        {
            _meter.Dropped(-1);
            _meter.Record(_sequence++, 1, 10, 50);
            cuts += controller.TryStep(Reading(controller.Current.Limit), now, out LimitDecision decision) ? 1 : 0;
            Assert.True(decision.Reason is LimitReason.Dropped or LimitReason.Configured);
        }

        Assert.InRange(cuts, 8, 10);
    }

    [Fact]
    public void Reconfigure_SameAlgorithm_KeepsTheLimitWithinNewBounds()
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0);
        int learnt = Drive(controller, 0, 1000)[^1];
        Assert.Equal(learnt, controller.Reconfigure(_aimd with { Initial = 50 }).Limit);
        Assert.Equal(12, controller.Reconfigure(_aimd with { Max = 12 }).Limit);
        Assert.Equal(12, controller.Current.Limit);
    }

    [Fact]
    public void Reconfigure_OtherAlgorithm_StartsFromTheCurrentLimit()
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0);
        int learnt = Drive(controller, 0, 500)[^1];
        Assert.Equal(learnt, controller.Reconfigure(_aimd with { Algorithm = LimitAlgorithm.Adaptive, Initial = 3 }).Limit);
        LimitSettings @fixed = new() { Algorithm = LimitAlgorithm.Fixed, Initial = 66, Min = 66, Max = 66 };
        Assert.Equal(66, controller.Reconfigure(@fixed).Limit);
        Assert.Equal(66, controller.Reconfigure(_aimd).Limit);
        Assert.Equal(66, controller.Reconfigure(_aimd with { Algorithm = LimitAlgorithm.Adaptive }).Limit);
        Assert.Equal(50, controller.Reconfigure(_aimd with { Initial = 3, Max = 50 }).Limit);
    }

    [Fact]
    public void TryStep_FixedLimit_StillMeasuresUsualLatency()
    {
        LimitSettings @fixed = new() { Algorithm = LimitAlgorithm.Fixed, Initial = 10, Min = 10, Max = 10 };
        LimitController controller = new(@fixed, _meter, TicksPerSecond, 0);
        Assert.Empty(Drive(controller, 0, 500));
        Assert.Equal(20, _meter.UsualLatencyTicks(1));
    }

    [Fact]
    public async Task TryStep_ManyCallers_OneDoesItAndNobodyWaits()
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0);
        int sequence = -1;
        int changes = 0;
        long clock = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 50_000; i++)
            {
                uint mine = (uint)Interlocked.Increment(ref sequence);
                long now = Interlocked.Increment(ref clock) / 20;
                _meter.Record(mine & ServiceMeter.SequenceMask, 1, 10, 5);
                Interlocked.Increment(ref _full);
                if (controller.IsDue(mine, now) && controller.TryStep(Reading(controller.Current.Limit), now, out LimitDecision _))
                {
                    Interlocked.Increment(ref changes);
                }
            }
        })));
        Assert.Equal(10 + changes, controller.Current.Limit);
        Assert.InRange(changes, 1, 100);
    }

    [Fact]
    public void Run_SameSeed_DecidesTheSame()
    {
        Plant plant = new() { Load = _ => 2, Seconds = 10 };
        Assert.Equal(plant.Run(3).Decisions, plant.Run(3).Decisions);
        Assert.NotEqual(plant.Run(3).Decisions, plant.Run(4).Decisions);
    }

    [Fact]
    public void TryStep_LawGiven_IsTakenInPlaceOfTheConfiguredUntilAReloadNamesAnother()
    {
        ScriptedLaw law = new(true, Hold(66));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        Assert.Equal(66, controller.Current.Limit);
        Assert.Equal(50, controller.Reconfigure(_aimd with { Initial = 50 }).Limit);
        Assert.Equal([50], law.Configured);
        Assert.Equal(3, controller.Reconfigure(_aimd with { Algorithm = LimitAlgorithm.Fixed, Initial = 3 }).Limit);
        Assert.Equal([50], law.Configured);
    }

    [Fact]
    public void TryStep_WhileAnotherIsAtIt_DoesNothing()
    {
        LimitController? controller = null;
        bool? other = null;
        ScriptedLaw law = new(true, Hold(10));
        law.Stepping = () =>
        {
            Thread second = new(() => other = controller!.TryStep(Reading(10), 1000, out _));
            second.Start();
            second.Join();
        };
        controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        Until(controller, 1, () => law.Windows.Count == 1);
        Assert.False(other);
    }

    [Theory]
    [InlineData(10, 10, false)]
    [InlineData(11, 10, true)]
    [InlineData(10, 11, true)] // The queue goes by it.
    [InlineData(11, 11, true)]
    public void TryStep_LimitOrNominal_EitherIsAChange(int limit, int nominal, bool changed)
    {
        ScriptedLaw law = new(true, Hold(10), new LimitDecision(limit, nominal, LimitReason.Hold));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        (_, bool told) = Until(controller, 1, () => law.Windows.Count == 1);
        Assert.Equal(changed, told);
    }

    // All latencies are 20 ms; in binary their mean is a trifle more, which the step at 20 ms does not reach and the next does.
    [Theory]
    [InlineData(true, 11, 21)]
    [InlineData(true, 10, 0)] // Nothing has changed.
    [InlineData(false, 11, 0)] // A law that must miss nothing.
    public void TryStep_LimitMoved_TheNextWindowOpensALatencyLater(bool settles, int next, int later)
    {
        ScriptedLaw law = new(settles, Hold(10), Hold(next));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        (long closed, _) = Until(controller, 1, () => law.Windows.Count == 1);
        Until(controller, closed + 1, () => law.Windows.Count == 2);
        Assert.Equal(closed + later, OpenedAt(law.Windows[1]));
    }

    // It opens with the first reading that knows nothing of the signal any more, one tick later.
    [Theory]
    [InlineData(true, 22)]
    [InlineData(false, 1)]
    public void TryStep_Held_ShowsTheLawNothingAndOpensWhenTheSignalIsGone(bool settles, int later)
    {
        ScriptedLaw law = new(settles, Hold(10), Hold(10), Hold(99));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        (long now, _) = Until(controller, 1, () => law.Windows.Count == 1);

        // A window that was closed leaves an empty meter.
        (now, bool told) = Until(controller, now + 1, () => _meter.Open.Departures == 0, held: true);
        Assert.False(told);
        Assert.Single(law.Windows);
        Until(controller, now + 1, () => law.Windows.Count == 2);
        Assert.Equal(now + later, OpenedAt(law.Windows[1]));
    }

    // It was opened under the signal, which let go of the limit before it closed: half of it is not the law's doing.
    [Fact]
    public void TryStep_HeldForAPartOfAWindow_ShowsTheLawNothingOfIt()
    {
        ScriptedLaw law = new(false, Hold(10), Hold(10), Hold(99));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        (long now, _) = Until(controller, 1, () => law.Windows.Count == 1);
        long released = now + 20;
        Until(controller, now + 1, () => _sequence == released, held: true);
        Until(controller, released + 1, () => law.Windows.Count == 2);
        Assert.Equal(released + 1, OpenedAt(law.Windows[1]));
    }

    // Held up between its reading and the lock, while others have stepped.
    [Fact]
    public void TryStep_WithAReadingOlderThanTheLastStep_DoesNothing()
    {
        ScriptedLaw law = new(false, Hold(10), Hold(9));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        Assert.False(controller.TryStep(Reading(10), 100, out _));
        _meter.Dropped(-1);
        Assert.False(controller.TryStep(Reading(10), 99, out _));
        Assert.Empty(law.Windows);
        Assert.False(controller.IsDue(1, 104));
        Assert.True(controller.TryStep(Reading(10), 100, out _));
    }

    [Fact]
    public void TryStep_HeldAndDropped_IsShownToTheLaw()
    {
        ScriptedLaw law = new(true, Hold(10), Hold(9));
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, law);
        _meter.Dropped(-1);
        Assert.True(controller.TryStep(Reading(10) with { Held = true }, 1, out LimitDecision decision));
        Assert.Equal(9, decision.Limit);
        Assert.Equal(1, Assert.Single(law.Windows).Dropped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // What a signal holds is as good to learn from how long routes take.
    public void TryStep_WindowClosed_RoutesHaveBaselines(bool held)
    {
        LimitController controller = new(_aimd, _meter, TicksPerSecond, 0, new ScriptedLaw(true, Hold(10)));
        Until(controller, 1, () => _sequence == 500, held);
        _meter.Discard();
        for (int i = 0; i < 5; i++)
        {
            _meter.Record(_sequence++, 1, 40, 10);
        }

        _meter.Drain();
        Assert.Equal(0.1, _meter.Work(), 9); // Five of 40 ms where 20 are usual.
    }

    private List<int> Drive(LimitController controller, long from, long milliseconds)
    {
        List<int> changes = [];
        for (long now = from + 1; now <= from + milliseconds; now++)
        {
            _meter.Record(_sequence++, 1, 20, 10);
            _full += 2;
            if (controller.IsDue(_sequence, now) && controller.TryStep(Reading(controller.Current.Limit), now, out LimitDecision decision))
            {
                changes.Add(decision.Limit);
            }
        }

        return changes;
    }

    private GateReading Reading(int limit) => new()
    {
        Limit = limit,
        InFlight = limit,
        Waiting = 5,
        FullArrivals = Volatile.Read(ref _full),
        Refused = Volatile.Read(ref _full) / 2,
        AdmittedLate = 0,
        CanQueue = true,
        Shadow = false,
    };

    private static LimitDecision Hold(int limit) => new(limit, limit, LimitReason.Hold);

    private static long OpenedAt(in WindowSummary window)
        => (long)Math.Round(window.ClosedAt - (window.Seconds * TicksPerSecond));

    // Each millisecond one of 20 ms leaves and two meet a full gate.
    private (long Now, bool Told) Until(LimitController controller, long now, Func<bool> reached, bool held = false)
    {
        for (long last = now + 1000; now < last; now++)
        {
            _meter.Record(_sequence++, 1, 20, 10);
            _full += 2;
            bool told = controller.TryStep(Reading(10) with { Held = held }, now, out _);
            if (told || reached())
            {
                Assert.True(reached());
                return (now, told);
            }
        }

        throw new InvalidOperationException("Nothing came of a second of traffic.");
    }

    /// <summary>Decides what it was told to, the last again and again, and notes what it is shown.</summary>
    private sealed class ScriptedLaw(bool settles, params LimitDecision[] decisions) : ILimitLaw
    {
        public List<WindowSummary> Windows { get; } = [];

        public List<int> Configured { get; } = [];

        public Action? Stepping { get; set; }

        public bool Settles => settles;

        public LimitDecision Current { get; private set; } = decisions[0];

        public LimitDecision Step(in WindowSummary window)
        {
            Windows.Add(window);
            Stepping?.Invoke();
            return Current = decisions[Math.Min(Windows.Count, decisions.Length - 1)];
        }

        public LimitDecision Reconfigure(LimitSettings settings)
        {
            Configured.Add(settings.Initial);
            return Current = Hold(settings.Initial);
        }
    }
}
