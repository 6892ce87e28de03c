using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>Slow start: growing in jumps while work is not stretched, to find capacity that may be far above.</content>
internal sealed partial class AdaptiveLaw
{
    private static (AdaptiveState State, LimitDecision Decision) SlowStart(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        if (_first > 0 && !state.Verified && state.Limit >= 8 && CutDepth * window.MeanInFlight >= settings.Min)
        {
            return BeginTest(state, window, settings, BaselineChange.Follow);
        }

        if (_double > 0)
        {
            return Bracket(state, window, settings);
        }

        // Latencies alone would be late: while the limit doubles, those of the last one are still coming back.
        double stretch = Math.Max(window.LatencyStretch, window.Stretch / (1 + (Certain * window.FullNoise)));
        bool cleared = window.MeanInFlight <= state.Cleared;
        bool unstretched = Math.Sqrt(window.Stretch * window.LatencyStretch) < Target * (1 + (_learn * window.MixedNoise));
        bool learn = state.Learnt < FirstLearning && (cleared || unstretched);
        BaselineChange baselines = learn ? BaselineChange.Follow : default;
        state = state with { Learnt = state.Learnt + window.Completions, Cleared = cleared ? state.Cleared : 0 };
        if (stretch < Target)
        {
            return Grow(state, settings, baselines);
        }

        // Perhaps only noise above the target, or of a baseline known to be young: look again, with a full window.
        bool doubtful = cleared || stretch < Target * (1 + (Certain * window.FullNoise));
        int mostDoubts = cleared ? 2 : state.Verified ? MostDoubts : 1;
        if (!state.Verified && state.Limit < Believed && stretch < Suspicious * (1 + window.RelativeError))
        {
            // So few at once say so little in so much time that it is quicker to look where more can be seen.
            return Decide(state with { Limit = 2 * state.Limit, Streak = 0 }, settings, LimitReason.SlowStart, baselines);
        }

        if (doubtful && state.Doubts < mostDoubts)
        {
            return Decide(
                state with { Streak = 0, Doubts = state.Doubts + 1 }, settings, LimitReason.SlowStart, baselines);
        }

        if (!state.Verified && CutDepth * window.MeanInFlight >= settings.Min)
        {
            return BeginTest(state, window, settings, baselines);
        }

        // What it overshot by is certain: the first step back is a quick one.
        state = state with { Phase = AdaptivePhase.Follow, Streak = 0, Drift = new Drift(DriftAbove, 0) };
        return Follow(state, window, settings);
    }

    // The knee between two points: what a doubling of concurrency did to the work rate.
    private static (AdaptiveState State, LimitDecision Decision) Bracket(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);
        OperatingPoint below = state.Below;
        bool young = state.Learnt < FirstLearning;
        state = state with { Learnt = state.Learnt + window.Completions };
        bool comparable = below.IsKnown && here.InFlight > 1.15 * below.InFlight;
        double e = comparable ? below.ElasticityTo(here) : 1;
        double error = comparable ? below.ElasticityError(here) : 0;
        double middle = X.Get("MID", 0.5);
        if (comparable && Math.Abs(e - middle) < X.Get("SURE", 1) * error && state.Doubts < 3 && state.Limit >= 8)
        {
            // Not sure yet: look again, and take both looks together.
            return Decide(state with { Doubts = state.Doubts + 1, Below = below }, settings, LimitReason.SlowStart);
        }

        if (e > middle || state.Limit < 8)
        {
            bool learn = young && (Math.Sqrt(window.Stretch * window.LatencyStretch) < Target * (1 + (_learn * window.MixedNoise)));
            return Decide(
                state with
                {
                    Below = here,
                    Doubts = 0,
                    Verified = state.Verified || (comparable && e > 0.6),
                    Limit = state.Limit * (state.Limit < 8 ? 2 : _double),
                },
                settings,
                LimitReason.SlowStart,
                learn ? BaselineChange.Follow : default);
        }

        if (!state.Verified && CutDepth * window.MeanInFlight >= settings.Min)
        {
            return BeginTest(state with { Below = default }, window, settings, default);
        }

        double most = Target * Math.Max(below.WorkRate, here.WorkRate);
        return Decide(
            state with
            {
                Phase = AdaptivePhase.Follow,
                Below = default,
                Doubts = 0,
                Streak = 0,
                Limit = Math.Clamp(most, Math.Min(below.InFlight, here.InFlight), Math.Max(here.InFlight, below.InFlight)),
                Drift = new Drift(DriftAbove, 0),
            },
            settings,
            LimitReason.SlowStart);
    }

    private static (AdaptiveState State, LimitDecision Decision) Grow(
        AdaptiveState state, LimitSettings settings, BaselineChange baselines)
    {
        int streak = state.Streak + 1;
        double factor = state.Limit < 8 ? 2 : Math.Min(2, 1 + (GrowthPerStreak * streak));
        return Decide(
            state with
            {
                // Below what is believed anyway, good windows prove nothing of the baselines: they may be all congested.
                Verified = state.Verified || (streak >= CalmWindows && state.Limit >= Believed),
                Limit = state.Limit * factor,
                Streak = streak,
                Doubts = 0,
            },
            settings,
            LimitReason.SlowStart,
            baselines);
    }
}
