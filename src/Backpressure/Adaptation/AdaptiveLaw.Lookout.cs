using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <content>
/// The lookout: while much less work is done than a while ago, capacity may come back at any moment, and at the limit nothing
/// tells of it but that the stretch falls from 1.09 to 1: seconds of windows until that is no noise. So as soon as it may be
/// so, one window runs higher. If work grows with it there is room, and slow start goes on from there.
/// </content>
internal sealed partial class AdaptiveLaw
{
    // Of the most work a second that was done of late: with less than that, capacity has been lost.
    private const double Lost = 0.65;
    private const double SecondsToForgetHalf = 60;
    private const double SecondsToNotice = 0.8;

    private const double LookUp = 1.4;

    // A maximum that leaves less than that above the limit leaves nothing to see.
    private const double LeastLookUp = 1.2;
    private const int WindowsPerLook = 3;

    // After a test the limit is still on its way down: what is seen then is not yet that of a full downstream. And where a look
    // has cost somebody their answer, another will.
    private const int WindowsAfterTest = 10;

    // With more, one look could hardly tell: elasticity has an error of four times as much.
    private const double MostNoiseToLook = 0.15;

    // Of the elasticity, less one standard error, which is a quarter as a rule: half way between saturation and no hindrance.
    private const double LeastFound = 0.25;

    // When long held ones end, all together do less, and when more of them come the rest do: only where both do has anything been lost.
    // Work and not requests: where others come, that take longer, nothing has been lost.
    private static AdaptiveState WithWork(AdaptiveState state, in WindowSummary window)
    {
        // What was done before the load came says nothing of what can be done.
        bool anew = state.Unbound > 0 && window.Bound;
        double weight = window.StretchNoise > Anecdote ? 0 : anew ? 1 : 1 - Math.Exp(-window.Seconds / SecondsToNotice);
        double work = state.Work + (weight * (window.WorkRate - state.Work));
        double rest = state.RestWork + (weight * (window.RestWorkRate - state.RestWork));
        double keep = Math.Pow(2, -window.Seconds / SecondsToForgetHalf);
        return state with
        {
            Work = work,
            MostWork = Math.Max(keep * state.MostWork, work),
            RestWork = rest,
            MostRestWork = Math.Max(keep * state.MostRestWork, rest),
        };
    }

    private static bool IsDueToLook(AdaptiveState state, in WindowSummary window, LimitSettings settings)
        => state.Work < Lost * state.MostWork
            && state.RestWork < Lost * state.MostRestWork
            && state.SinceLook >= WindowsPerLook
            && state.Drift.Below > 0
            && state.Rest == 0
            && window.StretchNoise < MostNoiseToLook
            && settings.Max >= LeastLookUp * state.Limit
            && (window.LongHeld == 0 || Moved(state.Limit, LookUp, window) > LeastLookUp * state.Limit);

    private static (AdaptiveState State, LimitDecision Decision) BeginLook(
        AdaptiveState state, in WindowSummary window, LimitSettings settings, BaselineChange baselines)
    {
        double higher = Math.Max(Moved(state.Limit, LookUp, window), Math.Round(state.Limit) + 1);
        (state, LimitDecision decision) = Decide(
            state with { Phase = AdaptivePhase.Lookout, SinceLook = 0 }, settings, LimitReason.Look, baselines, higher);

        // The queue would only take some more for a moment, and have to put them out again.
        return (state, decision with { Nominal = (int)Math.Round(state.Limit) });
    }

    private static (AdaptiveState State, LimitDecision Decision) AfterLook(
        AdaptiveState state, in WindowSummary window, LimitSettings settings)
    {
        OperatingPoint here = PointOf(window);
        bool reached = here.Rest > 1.1 * state.Usual.Rest;
        return reached && state.Usual.ElasticityTo(here) - state.Usual.ElasticityError(here) > LeastFound
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
                LimitReason.SlowStart)
            : Decide(state with { Phase = AdaptivePhase.Follow }, settings, LimitReason.Follow);
    }
}
