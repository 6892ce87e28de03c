using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>
/// The test: one deep cut where congestion and a shift of latency (or baselines learnt in congestion) look alike from
/// outside. Requests that hinder each other do as much work with half of them; requests that do not, half as much. What
/// looks like a shift, or is too noisy to tell, is looked at again on the way back up.
/// </content>
internal sealed partial class AdaptiveLaw
{
    private const double CutDepth = 0.55;

    // Served less than this part of the most of late: the limit may be too low.
    private const double MuchLess = 0.65;

    // Less than that is none.
    private const double LeastCut = 0.8;

    // Between no effect (0) and full effect (1), and above what noise makes of 1: there, something else changed.
    private const double LeastUnhindered = 0.6;
    private const double MostUnhindered = 1.6;

    // Both ways together are exact enough to take the middle between hindered and not.
    private const double LeastConfirmed = 0.45;

    // Of the stretch, how much of it latencies must show already, or the change is younger than the window.
    private const double Steady = 0.7;

    // What shows beyond doubt that so many do not hinder each other: the elasticity less its error, and that error.
    private const double CertainlyUnhindered = 0.7;
    private const double MostErrorOfCertainty = 0.33;

    // Where most is long held, a cut of the rest says so little that a verdict would be chance.
    private const double MostErrorBesideLongHeld = 0.6;

    // So many more than were seen may still count as seen.
    private const double ClearedRoom = 1.05;

    // Having been cleared, more may well be: slow start goes on as after two good windows.
    private const int StreakAfterShift = 2;

    private static (AdaptiveState State, LimitDecision Decision) BeginTest(
        AdaptiveState state, in WindowSummary window, LimitSettings settings, BaselineChange baselines = default)
    {
        if (window.LatencyStretch < Steady * window.Stretch && state.Unsteady == 0)
        {
            // A mixture of before and after is no point to judge a cut from.
            return Decide(Settled(state) with { Unsteady = 1 }, settings, LimitReason.Hold, baselines);
        }

        OperatingPoint here = PointOf(window);
        double cut = Lowered(here.InFlight, CutDepth, window);
        if (state is { Verified: true, LookedUp: false })
        {
            // Otherwise the first baselines may have been learnt in congestion, or a look upwards has found it: then so many
            // are not needed. What they need may be more than run: they get it meanwhile.
            cut = Math.Max(cut, Essential(state, window));
        }

        // At the minimum there is nothing to cut, nor where those that run are needed and hardly suffice: look upwards
        // instead, or a shift met there would never be found.
        bool tooFew = cut - here.LongHeld > LeastCut * here.Rest && window.Served < MuchLess * state.Demand.Served * window.Seconds;
        bool up = cut < Math.Max(settings.Min, FloorOf(window, settings)) || tooFew;
        double probe = up ? Math.Max(here.InFlight, settings.Min) / CutDepth : cut;
        return Decide(
            state with
            {
                Phase = AdaptivePhase.Test,
                IsFirstTest = !state.Verified,
                Verified = true,
                Unsteady = 0,
                Before = here,
                LookedUp = up,
                Top = default,
                Dips = default,
                SinceDip = 0,
                SinceLook = -WindowsAfterTest,
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
        bool beside = window.LongHeld > 0 || state.Before.LongHeld > 0;
        bool tooSmall = beside && state.Before.ElasticityError(here) > MostErrorBesideLongHeld;
        double ratio = beside ? Math.Max(1, here.Rest) / Math.Max(1, state.Before.Rest) : here.InFlight / state.Before.InFlight;
        return tooSmall || Math.Abs(Math.Log(ratio)) < 0.2

            // The cut never came into effect, or what comes and goes is so small a part that it could show nothing.
            ? Decide(state with { Phase = AdaptivePhase.Follow, Rest = 2 }, settings, LimitReason.Hold)
            : Judge(state, here, window, settings);
    }

    // Congestion makes them need more, but only as long as so many are let in.
    private static double EssentialAtLeast(AdaptiveState state, OperatingPoint here, in WindowSummary window)
        => state.Demand.Essential(window.Hold * Math.Min(1, state.Before.Stretch / here.Stretch));

    /// <summary>Congestion, or a shift of latency? From <see cref="AdaptiveState.Before"/> to here.</summary>
    private static (AdaptiveState State, LimitDecision Decision) Judge(
        AdaptiveState state, OperatingPoint here, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint before = state.Before;
        if (LooksUnhindered(before, here))
        {
            return before.Stretch > Suspicious ? Confirm(state, here, settings) : RoomAbove(state, here, settings);
        }

        (double elasticity, double error) = before.RestElasticityTo(here);
        if (elasticity + (Certain * error) < -MostUnhindered)
        {
            // Far more work with fewer, as no congestion does: the test began in a stall, which is over. It has shown nothing.
            return Decide(state with { Phase = AdaptivePhase.Follow, Usual = default, Rest = 2 }, settings, LimitReason.Hold);
        }

        // More than in proportion: capacity moved meanwhile, or the first point was a mixture. The way back will tell.
        return before.ElasticityTo(here) >= MostUnhindered ? Confirm(state, here, settings) : Congested(state, here, window, settings);
    }

    // With no stretch to explain, that so many do not hinder each other is good news: there is room above.
    private static (AdaptiveState State, LimitDecision Decision) RoomAbove(
        AdaptiveState state, OperatingPoint here, LimitSettings settings)
    {
        double error = state.Before.ElasticityError(here);
        bool certain = error < MostErrorOfCertainty && state.Before.ElasticityTo(here) - error > CertainlyUnhindered;
        state = state with { Phase = AdaptivePhase.SlowStart };
        if (certain && state.IsFirstTest)
        {
            // What so many take is the baseline: the first windows may have been lucky ones, and a limit that goes by them would
            // stay at a third of what there is.
            state = state with { Cleared = ClearedRoom * state.Before.InFlight, Learnt = 0 };
        }

        return Decide(state, settings, LimitReason.Test);
    }

    private static (AdaptiveState State, LimitDecision Decision) Congested(
        AdaptiveState state, OperatingPoint here, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint before = state.Before;
        double essential = EssentialAtLeast(state, here, window);
        double lower = Lowered(here.InFlight, CutDepth, window);

        // Less in flight than work under way cannot be: the baselines are too long.
        bool tooLong = here.Stretch * (1 + (Certain * here.Noise)) < 0.9;
        double scale = tooLong ? here.Stretch * (1 + here.Noise) : 1;

        // Young baselines: the fewest that have been seen at once are the best look so far at latency without queueing.
        bool learn = !tooLong && state.DipsTaken == 0 && here.Stretch < Suspicious;
        double most = (learn ? (1 + here.Stretch) / 2 : scale) * Math.Max(before.WorkRate, here.WorkRate);
        (double low, double high) = (Math.Min(before.InFlight, here.InFlight), Math.Max(before.InFlight, here.InFlight));

        // Still far too many: below what was looked at there is nothing to compare with, but not to go there is worse.
        low = here.Stretch > Suspicious ? Lowered(low, CutDepth, window) : low;
        low = Math.Min(high, Math.Max(low, essential));
        state = state with
        {
            Phase = learn ? AdaptivePhase.SlowStart : AdaptivePhase.Follow,
            Limit = Math.Clamp(Target * most, low, high),
            Usual = default,
            Top = default,
            DipsTaken = scale < 1 ? 0 : state.DipsTaken,
        };
        BaselineChange baselines = scale < 1 ? BaselineChange.ScaleBy(scale) : learn ? BaselineChange.Follow : default;
        if (here.Stretch >= 0.75 || lower < Math.Max(settings.Min, essential))
        {
            return Decide(state, settings, LimitReason.Test, baselines);
        }

        state = state with { Phase = AdaptivePhase.Test, Before = here with { WorkRate = here.WorkRate * scale } };
        return Decide(state, settings, LimitReason.Test, baselines, lower);
    }

    /// <summary>The same verdict after following the stretch down for long: perhaps it was the baselines that fell.</summary>
    private static (AdaptiveState State, LimitDecision Decision) JudgeDescent(
        AdaptiveState state, OperatingPoint here, LimitSettings settings)
        => LooksUnhindered(state.Before, here)
            ? Confirm(state, here, settings)
            : Decide(state with { Rest = 2 }, settings, LimitReason.Hold);

    // By one standard error more than the bounds: what is not certain is looked at again.
    private static bool LooksUnhindered(OperatingPoint before, OperatingPoint here)
    {
        double elasticity = before.ElasticityTo(here);
        double error = before.ElasticityError(here);
        return elasticity > LeastUnhindered - error && elasticity < MostUnhindered + error;
    }

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
        OperatingPoint cut = state.Cut;

        // Both ways: capacity that changed during the test would not do this twice.
        double down = state.Before.ElasticityTo(cut);
        double up = Math.Clamp(cut.ElasticityTo(here), -2, 2);
        double elasticity = down > MostUnhindered ? up : (Math.Max(-2, down) + up) / 2;
        if (elasticity >= LeastConfirmed && up > MostHindered && window.Stretch > Target)
        {
            return Unhindered(state, here, settings, Math.Sqrt(here.Stretch * cut.Stretch));
        }

        // Young baselines, as in Congested.
        bool young = state.DipsTaken == 0 && cut.Stretch > 1 && cut.Stretch < Suspicious;
        double scale = young ? (1 + cut.Stretch) / 2 : 1;
        double most = Target * scale * Math.Max(here.WorkRate, cut.WorkRate);
        return Decide(
            state with
            {
                Phase = young ? AdaptivePhase.SlowStart : AdaptivePhase.Follow,
                Limit = Math.Clamp(most, cut.InFlight, Math.Max(here.InFlight, cut.InFlight)),
                Usual = default,
                Top = default,
                Rest = young ? state.Rest : 2,
            },
            settings,
            LimitReason.Test,
            young ? BaselineChange.ScaleBy(scale) : default);
    }

    /// <summary>Latency has changed and so many do not hinder each other: baselines move, and there may be room above.</summary>
    private static (AdaptiveState State, LimitDecision Decision) Unhindered(
        AdaptiveState state, OperatingPoint here, LimitSettings settings, double stretch)
        => Decide(
            state with
            {
                Phase = AdaptivePhase.SlowStart,
                Limit = Math.Max(state.Limit, here.InFlight),
                Cleared = ClearedRoom * here.InFlight,
                Learnt = 0,
                LookedUp = false,
                Usual = default,
                Dips = default,
                Drift = default,
                Streak = StreakAfterShift,
                DipsTaken = 0,
            },
            settings,
            LimitReason.Shift,
            BaselineChange.ScaleBy(stretch));
}
