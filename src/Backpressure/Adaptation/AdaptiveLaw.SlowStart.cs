using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>Slow start: growing in jumps while work is not stretched, to find capacity that may be far above.</content>
internal sealed partial class AdaptiveLaw
{
    private const double GrowthPerStreak = 0.15;
    private const int CalmWindows = 4;
    private const int MostDoubts = 4;

    private static (AdaptiveState State, LimitDecision Decision) SlowStart(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        // Latencies alone would be late: while the limit doubles, those of the last one are still coming back.
        double stretch = Math.Max(window.LatencyStretch, window.Stretch / (1 + (Certain * window.StretchNoise)));
        bool cleared = window.MeanInFlight <= state.Cleared;

        // To learn from windows below the target only would be to choose the lucky ones, and to find all others stretched.
        bool unstretched = Math.Sqrt(window.Stretch * window.LatencyStretch) < Target * (1 + (Certain * window.MeanNoise));
        bool learn = state.Learnt < FirstLearning && (cleared || unstretched);
        BaselineChange baselines = learn ? BaselineChange.Follow : default;
        state = state with { Learnt = state.Learnt + window.Completions, Cleared = cleared ? state.Cleared : 0 };
        if (stretch < Target)
        {
            return Grow(state, window, settings, baselines);
        }

        // Perhaps only noise above the target, or of a baseline known to be young: look again, with a full window.
        bool doubtful = cleared || stretch < Target * (1 + (Certain * window.StretchNoise));
        int mostDoubts = cleared ? 2 : state.Verified ? MostDoubts : 1;
        if (!state.Verified && state.Limit < Believed && stretch < Suspicious * (1 + window.RelativeError))
        {
            // So few at once say so little in so much time that it is quicker to look where more can be seen.
            return Decide(state with { Limit = Moved(state.Limit, 2, window), Streak = 0 }, settings, LimitReason.SlowStart, baselines);
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

    private static (AdaptiveState State, LimitDecision Decision) Grow(
        AdaptiveState state, in WindowSummary window, LimitSettings settings, BaselineChange baselines)
    {
        int streak = state.Streak + 1;
        double factor = state.Limit < 8 ? 2 : Math.Min(2, 1 + (GrowthPerStreak * streak));
        return Decide(
            state with
            {
                // Below what is believed anyway, good windows prove nothing of the baselines: they may be all congested.
                Verified = state.Verified || (streak >= CalmWindows && state.Limit >= Believed),
                Limit = Moved(state.Limit, factor, window),
                Streak = streak,
                Doubts = 0,
            },
            settings,
            LimitReason.SlowStart,
            baselines);
    }
}
