using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>
/// Finds the knee of work rate <c>Y</c> against concurrency <c>n</c>: the fewest requests in flight that keep the
/// downstream busy.
/// </summary>
/// <remarks>
/// Why it works. Three instruments, each good where the others fail.
/// <para>
/// The *stretch* <c>S = n / Y</c> jumps at once when capacity goes, for by Little's law it counts what has not come back
/// yet; the limit follows it with a target of 1.09. Latency is measured against each route's own baseline, so a changed
/// mix of routes moves nothing. How far to follow is a matter of evidence: what may be noise moves the limit a little,
/// what stands out of it, in one window or added up over several (<see cref="Drift"/>), moves it much. So the limit is
/// calm while nothing happens and quick when something does.
/// </para>
/// <para>
/// Small *dips*, which the queue absorbs, keep the baselines true: the dip of 0.83 is deeper than the target is high
/// (1.09 &lt; 1 / 0.83), so a baseline learnt in congestion cannot keep itself alive. And they say where the limit is: when the
/// dips together cost as much work as concurrency there is room above, when they cost next to none there is congestion,
/// whatever the baselines say.
/// </para>
/// <para>
/// And where congestion and a plain change of latency look alike, one deep cut *tests*: work rate falls with concurrency
/// if the requests did not hinder each other, and hardly falls if they did (its own file). Where capacity has been lost
/// that may come back, *looks* above the limit find it sooner than the stretch could (its own file too).
/// </para>
/// The step is pure; the object only keeps its state.
/// </remarks>
internal sealed partial class AdaptiveLaw : ILimitLaw
{
    /// <summary>Believed without evidence; an initial limit above it has to be earned by slow start.</summary>
    internal const int Believed = 20;

    internal const double Target = 1.09;

    // A stretch that following alone should not be trusted with.
    private const double Suspicious = 1.6;

    // Standard errors by which a stretch has to stand out before it is acted on.
    private const double Certain = 2;

    // Standard error with which a window says nothing of how much more could be done: one request of a minute that ends in it
    // seems to be a minute's work.
    private const double Anecdote = 0.5;

    private const int FewestCompletions = 3;
    private const double Backoff = 0.9;

    // Windows in a row with room, after which a longer latency is the downstream's, or that of one behind it: a cut would
    // only refuse those who are served.
    private const int MostUnbound = 8;

    // Slow start: samples after which the first baselines are no longer moved by windows that bind.
    private const int FirstLearning = 200;

    // A limit raised by slow start and then not used: so much above what was in flight is kept of it.
    private const double UnusedRoom = 1.25;

    // Latencies lag so far behind the stretch only while something is changing.
    private const double Settling = 1.5;

    private LimitSettings _settings;
    private AdaptiveState _state;

    /// <param name="settings">Bounds and the initial limit.</param>
    /// <param name="inUse">A limit that traffic is running at already, which need not be earned again; 0: none.</param>
    public AdaptiveLaw(LimitSettings settings, int inUse = 0)
    {
        _settings = settings;
        (_state, Current) = Start(settings, inUse);
    }

    public LimitDecision Current { get; private set; }

    internal AdaptiveState State => _state;

    public static (AdaptiveState State, LimitDecision Decision) Start(LimitSettings settings, int inUse = 0)
    {
        int limit = inUse > 0 ? inUse : Math.Min(settings.Initial, Believed);
        limit = Math.Clamp(limit, settings.Min, settings.Max);
        AdaptiveState state = new()
        {
            Phase = AdaptivePhase.SlowStart,
            Limit = limit,
            InForce = limit,
            Peak = (inUse + 3) / 4,
        };
        return (state, new LimitDecision(limit, limit, LimitReason.Configured) { Pace = WindowPace.Hasty });
    }

    public static (AdaptiveState State, LimitDecision Decision) Step(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        (AdaptiveState next, LimitDecision decision) = Answer(state, window, settings);
        int floor = FloorOf(window, settings);
        if (decision.Limit < floor || next.Limit < floor)
        {
            next = next with { Limit = Math.Max(next.Limit, floor), InForce = Math.Max(next.InForce, floor) };
            decision = decision with { Limit = next.InForce, Nominal = Math.Max(decision.Nominal, floor) };
        }

        // Unsteady is a window that wants a test and is a mixture, and only the one before it excuses the next.
        return (state.Unsteady > 0 ? next with { Unsteady = 0 } : next, decision);
    }

    private static (AdaptiveState State, LimitDecision Decision) Answer(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        state = WithWork(state, window) with { Peak = Math.Max(state.Peak, window.PeakInFlight) };

        // A shadow gate that would have refused let too much in: the window shows no limit of ours.
        if (window is { Shadow: true, Refused: > 0 })
        {
            return Decide(Settled(state), settings, LimitReason.Hold);
        }

        state = window.Bound
            ? state with { Demand = state.Demand.With(window), Unbound = 0 }
            : state with { Unbound = Math.Min(state.Unbound, MostUnbound) + 1 };

        // As few as stray faults would be say nothing.
        if (window.Dropped * 50 > window.Served)
        {
            return AfterDropped(state, window, settings);
        }

        state = state with { Dropped = false };

        // A signal holds the gate lower: what is seen is not this limit's doing. Or the downstream stands still.
        if (window.Limit < state.InForce || window.Completions < FewestCompletions)
        {
            return IsTaken(state, window)
                ? Decide(state with { Limit = 2 * state.Limit }, settings, LimitReason.SlowStart)
                : Decide(Settled(state), settings, LimitReason.Hold);
        }

        if (!window.Bound)
        {
            return NotBound(Settled(state), window, settings);
        }

        return state.Phase switch
        {
            AdaptivePhase.SlowStart => SlowStart(state, window, settings),
            AdaptivePhase.Dip => AfterDip(state, window, settings),
            AdaptivePhase.Test => AfterCut(state, window, settings),
            AdaptivePhase.Confirm => AfterConfirm(state, window, settings),
            AdaptivePhase.Lookout => AfterLook(state, window, settings),
            _ => Follow(state, window, settings),
        };
    }

    public LimitDecision Step(in WindowSummary window)
    {
        (_state, Current) = Step(_state, window, _settings);
        return Current;
    }

    public LimitDecision Reconfigure(LimitSettings settings)
    {
        _settings = settings;
        (_state, Current) = Decide(Settled(_state), settings, LimitReason.Configured);
        return Current;
    }

    // Below what is long held nobody else would come in, and so nothing would ever say that it is too low.
    private static int FloorOf(in WindowSummary window, LimitSettings settings)
        => window.LongHeldNoted > 0 ? Math.Min(Math.Min(window.Limit, settings.Max), (int)Math.Ceiling(window.LongHeldNoted) + 1) : 0;

    // All of so small a limit may be taken by a few that run long, and as long as they do nothing is learnt.
    private static bool IsTaken(AdaptiveState state, in WindowSummary window)
        => state is { Phase: AdaptivePhase.SlowStart, Verified: false }
            && 2 * state.Limit <= Believed
            && window is { Served: 0, Bound: true }
            && window.Limit >= state.InForce;

    // Only what comes and goes has more or less room: the long held have theirs.
    private static double Moved(double limit, double factor, in WindowSummary window)
    {
        double held = Math.Min(window.LongHeld, limit - 1);
        return held + ((limit - held) * factor);
    }

    // But half of its room is left to what comes and goes, or nothing would be seen.
    private static double Lowered(double limit, double factor, in WindowSummary window)
    {
        double held = Math.Min(window.LongHeld, limit - 1);
        return Math.Max(limit * factor, held > 0 ? held + ((limit - held) / 2) : 0);
    }

    private static (AdaptiveState State, LimitDecision Decision) AfterDropped(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        // Those that a look has let in too much are not the limit's doing.
        if (state.Phase == AdaptivePhase.Lookout)
        {
            return Decide(Settled(state) with { SinceLook = -WindowsAfterTest, Streak = 0, Dropped = true }, settings, LimitReason.Hold);
        }

        // The first are heard at once. After that, what is refused as soon as it comes holds no place: a limit below those
        // that are served would only refuse some of them here.
        double least = state.Dropped ? Math.Min(state.Limit, window.ServedInFlight) : 0;
        double limit = Math.Max(Moved(state.Limit, Backoff, window), least);
        return Decide(
            state with { Phase = AdaptivePhase.Follow, Limit = limit, Streak = 0, Dropped = true, SinceLook = -WindowsAfterTest },
            settings,
            LimitReason.Dropped);
    }

    /// <summary>With fewer in flight than this, the highest priorities would be refused.</summary>
    private static double Essential(AdaptiveState state, in WindowSummary window)
        => state.Demand.Essential(window.Hold);

    private static (AdaptiveState State, LimitDecision Decision) NotBound(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        double calm = Math.Min(window.Stretch, window.LatencyStretch);
        if (state.Unbound <= MostUnbound && calm > Suspicious * (1 + (4 * window.RelativeError)) && state.Rest == 0)
        {
            return BeginTest(state, window, settings);
        }

        // Upwards only with room to spare: near the limit, a longer latency may be congestion.
        bool settled = window.Stretch < Settling * window.LatencyStretch;
        bool roomy = settled && window.MeanInFlight < 0.7 * state.Limit && window.LatencyStretch < Suspicious;
        bool learn = roomy || (settled && window.LatencyStretch * (1 + (Certain * window.Noise)) < 1);
        int learnt = state.Learnt + (roomy ? window.Completions : 0);
        if (window.LatencyStretch < Target)
        {
            if (state is { Phase: AdaptivePhase.SlowStart, Streak: > 0 })
            {
                // Raised, but the load was met before it was reached: nothing has shown that so many would be served.
                double used = Math.Max(Believed, UnusedRoom * window.PeakInFlight);
                state = state with { Limit = Math.Min(state.Limit, used), Streak = 0 };
            }

            // A half-used limit proves nothing: at most twice what has been seen to work.
            double floor = Math.Max(window.PeakInFlight, Math.Min(Believed, 2 * window.PeakInFlight));
            state = state with { Limit = Math.Max(state.Limit, floor) };
        }

        state = state with
        {
            Rest = Math.Max(0, state.Rest - 1),
            SinceLook = Math.Min(0, state.SinceLook),
            Top = default,
            Learnt = learnt,
            Verified = state.Verified || (roomy && learnt >= FirstLearning),
        };
        return Decide(state, settings, LimitReason.NotBound, learn ? BaselineChange.Follow : default);
    }

    /// <summary>Ends a dip or a test that the window cannot answer.</summary>
    private static AdaptiveState Settled(AdaptiveState state)
        => state.Phase is AdaptivePhase.SlowStart ? state : state with { Phase = AdaptivePhase.Follow };

    private static OperatingPoint PointOf(in WindowSummary window)
        => new(window.MeanInFlight, window.WorkRate, window.StretchNoise, window.LongHeld);

    private static (AdaptiveState State, LimitDecision Decision) Decide(
        AdaptiveState state,
        LimitSettings settings,
        LimitReason reason,
        BaselineChange baselines = default,
        double? probe = null)
    {
        double most = Math.Min(settings.Max, Math.Max(Believed, 4.0 * state.Peak));
        double limit = Math.Clamp(state.Limit, settings.Min, Math.Max(settings.Min, most));
        int nominal = (int)Math.Round(limit);
        int inForce = probe is { } other
            ? (int)Math.Clamp(Math.Round(other), settings.Min, Math.Max(settings.Min, most))
            : nominal;
        return (
            state with { Limit = limit, InForce = inForce },
            new LimitDecision(inForce, Math.Max(nominal, inForce), reason)
            {
                Baselines = baselines,
                Pace = state.Phase switch
                {
                    AdaptivePhase.SlowStart when state.Doubts == 0 => WindowPace.Hasty,
                    AdaptivePhase.Test or AdaptivePhase.Confirm => WindowPace.Careful,
                    _ when state.Dropped => WindowPace.Heard,
                    _ => WindowPace.Usual,
                },
            });
    }
}
