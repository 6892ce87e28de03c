using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>
/// The test: one deep cut where congestion and a shift of latency (or baselines learnt in congestion) look alike from
/// outside. Requests that hinder each other do as much work with half of them; requests that do not, half as much.
/// </content>
internal sealed partial class AdaptiveLaw
{
    private const double CutDepth = 0.55;

    // Between no effect (0) and full effect (1), and above what noise makes of 1: there, capacity itself changed.
    private const double LeastUnhindered = 0.6;
    private const double MostUnhindered = 1.6;

    private static (AdaptiveState State, LimitDecision Decision) BeginTest(
        AdaptiveState state, in WindowSummary window, LimitSettings settings, BaselineChange baselines = default)
    {
        OperatingPoint here = PointOf(window);
        double cut = CutDepth * here.InFlight;

        // At the minimum there is nothing to cut: look upwards instead, or a shift met there would never be found.
        double probe = cut >= settings.Min ? cut : Math.Max(here.InFlight, settings.Min) / CutDepth;
        return Decide(
            state with
            {
                Phase = AdaptivePhase.Test,
                Verified = true,
                Before = here,
                Top = default,
                Dips = default,
                SinceDip = 0,
                Streak = 0,
            },
            settings,
            LimitReason.Test,
            baselines,
            probe);
    }

    private static (AdaptiveState State, LimitDecision Decision) AfterCut(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);
        return Math.Abs(Math.Log(here.InFlight / state.Before.InFlight)) < 0.2

            // The cut never came into effect.
            ? Decide(state with { Phase = AdaptivePhase.Follow, Rest = 2 }, settings, LimitReason.Hold)
            : Judge(state, here, settings);
    }

    /// <summary>Congestion, or a shift of latency? From <see cref="AdaptiveState.Before"/> to here.</summary>
    private static (AdaptiveState State, LimitDecision Decision) Judge(
        AdaptiveState state, OperatingPoint here, LimitSettings settings)
    {
        OperatingPoint before = state.Before;

        if (LooksUnhindered(before, here))
        {
            // With no stretch to explain, that is good news: there is room above.
            return before.Stretch > Suspicious
                ? Confirm(state, here, settings)
                : Decide(state with { Phase = AdaptivePhase.SlowStart }, settings, LimitReason.Test);
        }

        // Less in flight than work under way cannot be: the baselines are too long.
        bool tooLong = here.Stretch * (1 + (here.RelativeError / 2)) < 0.85;
        double scale = tooLong ? here.Stretch : 1;
        double most = scale * Math.Max(before.WorkRate, here.WorkRate);
        (double low, double high) = (Math.Min(before.InFlight, here.InFlight), Math.Max(before.InFlight, here.InFlight));
        state = state with
        {
            Phase = AdaptivePhase.Follow,
            Limit = Math.Clamp(Target * most, low, high),
            Usual = default,
            Top = default,
            DipsTaken = scale < 1 ? 0 : state.DipsTaken,
        };
        BaselineChange baselines = scale < 1 ? BaselineChange.ScaleBy(scale) : default;
        if (here.Stretch >= 0.75 || CutDepth * here.InFlight < settings.Min)
        {
            return Decide(state, settings, LimitReason.Test, baselines);
        }

        state = state with { Phase = AdaptivePhase.Test, Before = here with { WorkRate = here.WorkRate * scale } };
        return Decide(state, settings, LimitReason.Test, baselines, CutDepth * here.InFlight);
    }

    /// <summary>The same verdict after following the stretch down for long: perhaps it was the baselines that fell.</summary>
    private static (AdaptiveState State, LimitDecision Decision) JudgeDescent(
        AdaptiveState state, OperatingPoint here, LimitSettings settings)
        => LooksUnhindered(state.Before, here)
            ? Confirm(state, here, settings)
            : Decide(state with { Rest = 2 }, settings, LimitReason.Hold);

    private static bool LooksUnhindered(OperatingPoint before, OperatingPoint here)
        => before.ElasticityTo(here) is > LeastUnhindered and < MostUnhindered;

    private static (AdaptiveState State, LimitDecision Decision) Confirm(
        AdaptiveState state, OperatingPoint here, LimitSettings settings)
        => Decide(
            state with { Phase = AdaptivePhase.Confirm, Cut = here },
            settings,
            LimitReason.Test,
            default,
            state.Before.InFlight);

    private static (AdaptiveState State, LimitDecision Decision) AfterConfirm(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);

        // Also on the way back: capacity that changed during the test would not do this twice.
        if (state.Cut.ElasticityTo(here) >= LeastUnhindered && window.Stretch > Target)
        {
            return Decide(
                state with
                {
                    Phase = AdaptivePhase.SlowStart,
                    Limit = Math.Max(state.Limit, here.InFlight),
                    Usual = default,
                    Streak = 0,
                    DipsTaken = 0,
                },
                settings,
                LimitReason.Shift,
                BaselineChange.ScaleBy(window.Stretch));
        }

        return Decide(state with { Phase = AdaptivePhase.Follow, Rest = 2 }, settings, LimitReason.Hold);
    }
}
