using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>Grows while one more slot pays, shrinks while it does not. On trial, not in the engine.</summary>
/// <remarks>
/// <para>
/// Idea. Only throughput is asked, never latency: a slot is worth having as long as it earns at least a part <c>x</c> of what
/// slots earn on the average. Baselines do not matter, and latency that grows for all alike is no reason to shrink.
/// </para>
/// <para>
/// Formula. Windows alternate below and above the limit, at <c>L e^±p</c>. From each to the next, what was earned is
/// <c>Δln Y</c> for <c>Δln n</c>; their ratio <c>e</c> is what a slot adds ÷ what slots earn. It is averaged, weighed by the
/// windows' standard errors, forgotten with time and with the distance that the limit has gone, and held at <c>x</c> by as
/// much as <c>π</c> of evidence, so that noise moves nothing. Then <c>ln L ← ln L + g (e − x)</c>, with a small <c>g</c> and
/// <c>p</c> while <c>e − x</c> is within <c>z</c> standard errors, with large ones beyond.
/// </para>
/// <para>
/// Source: Protego (Cho et al., NSDI 2023), which lets in more as long as the throughput that this adds is worth it; the evidence
/// and the proportional step are this trial's.
/// </para>
/// </remarks>
internal static class MarginalLaw
{
    // x
    private const double Worth = 0.5;

    // z
    private const double Certain = 2.5;

    // Of what is known, a window later; and the distance in ln n over which the rest fades to 1 ÷ e.
    private const double Keep = 0.9;
    private const double Span = 0.3;

    // π, in 1 ÷ (standard errors of e)².
    private const double Prior = 1;

    // g
    private const double CalmGain = 0.1;
    private const double QuickGain = 0.5;

    // p
    private const double CalmReach = 0.08;
    private const double QuickReach = 0.15;

    // At the start, in ln n: a doubling.
    private const double Jump = 0.69;

    // Less of a step than this is none.
    internal const double LeastStep = 0.03;

    // An initial limit that may be too much already.
    private const double LookFirstDownFrom = 8;

    // An elasticity beyond these is a change of capacity between two windows.
    internal const double LeastElasticity = -1;
    internal const double MostElasticity = 2;

    public static ILimitLaw Create(LimitSettings settings) => new TrialLaw<MarginalState>(settings, Start(settings), Step);

    public static MarginalState Start(LimitSettings settings)
        => new() { Ground = Ground.Start(settings), Alarm = Alarm.None, Reach = QuickReach, Starting = true, Side = settings.Initial >= LookFirstDownFrom ? -1 : 1 };

    public static (MarginalState State, LimitDecision Decision) Step(MarginalState state, in WindowSummary window, LimitSettings settings)
    {
        state = state with { Ground = state.Ground.With(window) };
        if (state.Ground.TryPass(window, out Ground passed, out LimitReason reason))
        {
            if (reason == LimitReason.NotBound)
            {
                state = state with { Alarm = state.Alarm.Seen(window) };
            }

            // Where all are let in there is no start any more.
            return Decide(state with { Ground = passed, Before = default, Starting = state.Starting && reason != LimitReason.NotBound, Reach = CalmReach }, settings, reason, null);
        }

        OperatingPoint here = new(window.MeanInFlight, window.WorkRate, window.StretchNoise);
        (Alarm alarm, bool look, bool wait) = state.Alarm.With(window);
        state = state with { Alarm = alarm };
        if (wait)
        {
            return Decide(state with { Before = default }, settings, LimitReason.Hold, state.Ground.InForce);
        }

        if (look)
        {
            state = state with
            {
                Ground = state.Ground with { Limit = window.MeanInFlight },
                Before = here,
                Worth = default,
                Reach = QuickReach,
                Starting = false,
                Side = -1,
            };
            return Decide(state, settings, LimitReason.Test, Alarm.Depth * window.MeanInFlight);
        }

        if (state.Starting)
        {
            return Begin(state, here, settings);
        }

        MarginalEvidence worth = state.Worth.Faded(Keep).With(state.Before, here);
        double excess = worth.Mean(Worth, Prior) - Worth;
        bool certain = Math.Abs(worth.Mean(Worth, 0) - Worth) > Certain * worth.Error;
        double move = (certain ? QuickGain : CalmGain) * excess;
        state = state with
        {
            Ground = state.Ground with { Limit = state.Ground.Limit * Math.Exp(move) },
            Before = here,
            Worth = worth.Faded(Math.Exp(-Math.Abs(move) / Span)),
            Reach = certain ? QuickReach : worth.Error < 1 ? CalmReach : state.Reach,
            Side = certain ? Math.Sign(move) : -state.Side,
        };
        return Decide(state, settings, certain ? LimitReason.SlowStart : LimitReason.Follow, Beside(state));
    }

    // In jumps, until one does not pay. Where there may be too many from the start, the first jump is downwards.
    private static (MarginalState State, LimitDecision Decision) Begin(MarginalState state, OperatingPoint here, LimitSettings settings)
    {
        OperatingPoint before = state.Before;
        MarginalEvidence jump = default(MarginalEvidence).With(before, here);
        state = state with { Before = here };
        if (jump.Weight == 0)
        {
            state = state with { Ground = state.Ground with { Limit = here.InFlight * Math.Exp(state.Side * Jump) } };
            return Decide(state, settings, LimitReason.SlowStart, null);
        }

        if (jump.Mean(Worth, 0) + (Certain * jump.Error) >= Worth)
        {
            double most = Math.Max(before.InFlight, here.InFlight);
            return Decide(state with { Side = 1, Ground = state.Ground with { Limit = most * Math.Exp(Jump) } }, settings, LimitReason.SlowStart, null);
        }

        double least = Math.Min(before.InFlight, here.InFlight);
        state = state with { Starting = false, Reach = QuickReach, Side = -1, Ground = state.Ground with { Limit = least } };
        return Decide(state, settings, LimitReason.Follow, Beside(state));
    }

    // At least one apart, or small limits would not be told apart at all.
    private static double Beside(MarginalState state)
    {
        double low = Math.Round(state.Ground.Limit * Math.Exp(-state.Reach));
        return state.Side < 0 ? low : Math.Max(low + 1, state.Ground.Limit * Math.Exp(state.Reach));
    }

    private static (MarginalState State, LimitDecision Decision) Decide(
        MarginalState state, LimitSettings settings, LimitReason reason, double? look)
    {
        WindowPace pace = reason == LimitReason.SlowStart ? WindowPace.Hasty : WindowPace.Usual;
        (Ground ground, LimitDecision decision) = state.Ground.Decide(settings, reason, look, pace);
        return (state with { Ground = ground }, decision);
    }
}
