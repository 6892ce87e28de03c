using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>
/// The lookout: while much less is served than a while ago, capacity may come back at any moment, and at the limit nothing
/// tells of it but that the stretch falls from 1.09 to 1: seconds of windows until that is no noise. So as soon as it may be
/// so, one window runs higher. If work grows with it there is room, and slow start goes on from there.
/// </content>
internal sealed partial class AdaptiveLaw
{
    // Of the most that was served of late: with less than that, capacity has been lost.
    private const double Lost = 0.65;
    private const double SecondsToForgetHalf = 60;
    private const double ServedWeight = 0.2;

    private const double LookUp = 1.4;
    private const int WindowsPerLook = 3;

    // After a test the limit is still on its way down: what is seen then is not yet that of a full downstream.
    private const int WindowsAfterTest = 10;

    // With more, one look could not tell; elasticity has an error of four times as much.
    private const double MostNoiseToLook = 0.15;

    // The elasticity between saturation and no hindrance.
    private const double LeastFound = 0.5;

    private static AdaptiveState WithServed(AdaptiveState state, in WindowSummary window)
    {
        double rate = window.Completions / Math.Max(window.Seconds, 1e-9);
        double served = state.Served > 0 ? state.Served + (ServedWeight * (rate - state.Served)) : rate;
        double kept = state.MostServed * Math.Pow(2, -window.Seconds / SecondsToForgetHalf);
        return state with { Served = served, MostServed = Math.Max(kept, served) };
    }

    private static bool IsDueToLook(AdaptiveState state, in WindowSummary window)
        => state.Served < Lost * state.MostServed
            && state.SinceLook >= WindowsPerLook
            && state.Drift.Below > 0
            && state.Rest == 0
            && window.StretchNoise < MostNoiseToLook;

    private static (AdaptiveState State, LimitDecision Decision) BeginLook(
        AdaptiveState state, LimitSettings settings, BaselineChange baselines)
    {
        double higher = Math.Max(LookUp * state.Limit, Math.Round(state.Limit) + 1);
        (state, LimitDecision decision) = Decide(
            state with { Phase = AdaptivePhase.Lookout, SinceLook = 0 }, settings, LimitReason.Look, baselines, higher);

        // The queue would only take some more for a moment, and have to put them out again.
        return (state, decision with { Nominal = Math.Min(decision.Nominal, (int)Math.Round(state.Limit)) });
    }

    private static (AdaptiveState State, LimitDecision Decision) AfterLook(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);
        return here.InFlight > 1.1 * state.Usual.InFlight && state.Usual.ElasticityTo(here) > LeastFound
            ? Decide(
                state with
                {
                    Phase = AdaptivePhase.SlowStart,
                    Limit = Math.Max(state.Limit, here.InFlight),
                    Streak = StreakAfterShift,
                    Usual = default,
                    Dips = default,
                    Drift = default,
                },
                settings,
                LimitReason.Look)
            : Decide(state with { Phase = AdaptivePhase.Follow }, settings, LimitReason.Follow);
    }
}
