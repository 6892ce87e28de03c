using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>
/// Following: towards the target by the stretch, and by dips, which keep the baselines true and say on which side of the knee the
/// limit is.
/// </content>
internal sealed partial class AdaptiveLaw
{
    // Of the way to the target, in one window: while it may be noise, and when it is not.
    private const double CalmGain = 0.15;
    private const double QuickGain = 0.5;

    // What makes it certain: one deviation, or the sum of lasting ones (downwards it costs latency, upwards only room).
    private const double QuickDeviation = 2.5;
    private const double DriftAbove = 3;
    private const double DriftBelow = 4;

    // A standard error below this is luck.
    private const double LeastNoise = 0.02;

    // Elasticity of the dips together, with its error, below which they cost so little work that it is congestion.
    private const double MostHindered = 0.3;
    private const double DipDepth = 0.83;

    // The same the other way: above it all that ran before the dips ran unhindered, so there is room. At the target it is 0.54.
    private const double LeastRoomy = 0.7;
    private const double GrowthIntoRoom = 1.3;
    private const int WindowsPerDip = 10;

    // Young baselines are noise of a few samples, and each dip adds some that can be trusted.
    private const int WindowsPerEarlyDip = 4;
    private const int EarlyDips = 5;

    private static (AdaptiveState State, LimitDecision Decision) Follow(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);
        bool flat = state.DipsTaken >= EarlyDips && state.Dips.IsKnown && state.Dips.Mean + state.Dips.Deviation < MostHindered;
        if (state.Rest == 0 && (flat || window.Stretch > Suspicious * (1 + (Certain * window.StretchNoise))))
        {
            return BeginTest(state, window, settings);
        }

        state = state with { Rest = Math.Max(0, state.Rest - 1) };
        if (state.Rest == 0 && state.Top.IsKnown && here.InFlight < 0.58 * state.Top.InFlight)
        {
            // A slow descent is a test too.
            return JudgeDescent(state with { Before = state.Top, Top = default }, here, settings);
        }

        OperatingPoint usual = here.Noise > Anecdote ? state.Usual : Smoothed(state.Usual, here);
        state = state with { Usual = usual, SinceDip = state.SinceDip + 1, SinceLook = state.SinceLook + 1 };
        int windowsPerDip = state.DipsTaken < EarlyDips ? WindowsPerEarlyDip : WindowsPerDip;
        double dip = Math.Min(Lowered(state.Limit, DipDepth, window), Math.Round(state.Limit) - 1);
        if (state.SinceDip >= windowsPerDip && window.CanQueue && Math.Round(dip) >= FloorOf(window, settings))
        {
            return Decide(state with { Phase = AdaptivePhase.Dip, SinceDip = 0 }, settings, LimitReason.Dip, default, dip);
        }

        return FollowStretch(state, window, settings, here);
    }

    private static (AdaptiveState State, LimitDecision Decision) FollowStretch(
        AdaptiveState state, in WindowSummary window, LimitSettings settings, OperatingPoint here)
    {
        // Half of it is the jumpy stretch, half the calm one of latencies.
        double excess = (0.5 * Math.Log(window.Stretch * window.LatencyStretch)) - Math.Log(Target);
        double deviation = excess / Math.Max(LeastNoise, window.MeanNoise);
        Drift drift = state.Drift.With(deviation);
        bool quick = Math.Abs(deviation) > QuickDeviation || drift.Above > DriftAbove;
        double most = here.Noise > Anecdote ? 1 : 1.5;
        double factor = Math.Clamp(Math.Exp(-(quick ? QuickGain : CalmGain) * excess), 0.4, most);
        double least = window.Stretch > Suspicious ? Math.Min(state.Limit, Essential(state, window)) : 0;
        OperatingPoint top = here.InFlight >= state.Top.InFlight ? here : state.Top;

        // Without dips a baseline that is too short would only be found at the end of a descent. One that made work
        // rate fall in proportion was no relief: what is seen on it is the unqueued latency.
        bool learn = !window.CanQueue && here.InFlight < 0.85 * top.InFlight && LooksUnhindered(top, here);
        BaselineChange baselines = learn ? BaselineChange.Follow : default;

        // Room above, for long now: look for its end.
        bool roomAbove = drift.Below > DriftBelow;
        state = state with
        {
            Phase = roomAbove ? AdaptivePhase.SlowStart : state.Phase,
            Limit = Math.Max(Moved(state.Limit, factor, window), least),
            Streak = 0,
            Doubts = 0,
            Top = top,
            Drift = roomAbove ? default : quick ? drift with { Above = 0 } : drift,
            SinceLook = quick && deviation > 0 ? Math.Min(state.SinceLook, 0) : state.SinceLook,
        };
        return state.Phase == AdaptivePhase.Follow && IsDueToLook(state, window, settings)
            ? BeginLook(state, window, settings, baselines)
            : Decide(state, settings, LimitReason.Follow, baselines);
    }

    private static (AdaptiveState State, LimitDecision Decision) AfterDip(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);
        bool isLonger = false;
        if (state.Usual.IsKnown && here.Rest < 0.95 * state.Usual.Rest)
        {
            (double elasticity, double error) = state.Usual.RestElasticityTo(here);
            if (Math.Abs(elasticity) - (Certain * error) > MostUnhindered)
            {
                // No dip does that: capacity has gone, or come back, meanwhile. To learn from it would be to take that for usual.
                return Follow(state with { Phase = AdaptivePhase.Follow, Usual = default }, window, settings);
            }

            // With fewer at once nothing takes longer, unless capacity is just going.
            isLonger = here.Stretch > state.Usual.Stretch * (1 + here.Noise);
            state = state with { Dips = state.Dips.With(state.Usual, here) };
        }

        state = state with { DipsTaken = Math.Min(EarlyDips, state.DipsTaken + 1) };
        if (!isLonger && state.Dips.IsKnown && state.Dips.Mean - state.Dips.Deviation > LeastRoomy)
        {
            state = state with { Phase = AdaptivePhase.SlowStart, Limit = Moved(state.Limit, GrowthIntoRoom, window), Dips = default };
            return Decide(state, settings, LimitReason.SlowStart, BaselineChange.Follow);
        }

        state = state with { Phase = AdaptivePhase.Follow };
        return Decide(state, settings, LimitReason.Follow, BaselineChange.Follow);
    }

    private static OperatingPoint Smoothed(OperatingPoint usual, OperatingPoint here)
        => usual.IsKnown
            ? new(
                usual.InFlight + (0.3 * (here.InFlight - usual.InFlight)),
                usual.WorkRate + (0.3 * (here.WorkRate - usual.WorkRate)),
                (0.7 * usual.Noise) + (0.15 * here.Noise),
                usual.LongHeld + (0.3 * (here.LongHeld - usual.LongHeld)))
            : here;
}
