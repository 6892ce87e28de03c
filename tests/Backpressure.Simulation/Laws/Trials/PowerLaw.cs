using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>Climbs Kleinrock's power, work rate ÷ latency, by the sign of its slope. On trial, not in the engine.</summary>
/// <remarks>
/// <para>
/// Idea. Below the knee one more request in flight adds work and costs no latency; above it, it costs latency and adds no
/// work. So power has its one maximum at the knee, and only the sign of its slope need be known. Latency is the stretch, each
/// route against its own baseline; how long a baseline is, is of no consequence, for it stands on both sides alike.
/// </para>
/// <para>
/// Formula. <c>ln P = r ln Y − ½ ln (S × SL)</c>, for latencies alone come late and Little's law alone is noisy. Windows alternate below and above the limit, at <c>L e^±p</c>. Each step
/// <c>Δ</c> in <c>ln n</c> says how far <c>ln P</c> followed it, <c>d</c>; as slopes of +1 and −1 are what the two sides
/// of a knee have, the logarithm of the likelihoods' ratio grows by <c>2 d Δ ÷ variance</c>. When it is past ±4 (wrong
/// once in fifty) the limit moves by the old and the new <c>p</c> that way. The same way again: p × 1.5; back: p ÷ 2.
/// </para>
/// <para>
/// Source: Kleinrock, "Power and deterministic rules of thumb", ICC 1979; Wald's sequential test, 1945; finding a maximum
/// from pairs on both sides is Kiefer and Wolfowitz, 1952.
/// </para>
/// </remarks>
internal static class PowerLaw
{
    // r: below 1 latency counts more. The maximum stays where it is, but of two limits about it the lower is taken.
    private const double WorkCounts = 0.8;

    // Of the test, in logarithms of likelihood; and one pair says no more than this, for capacity may have changed between.
    private const double Decided = 4;
    internal const double MostEvidence = 4;

    // p, in ln n: least, most and at the start, and after a time in which all were let in.
    private const double LeastReach = 0.04;
    private const double MostReach = 0.35;
    private const double CalmReach = 0.06;

    // Of p, after a move the same way and after one back.
    private const double Faster = 1.5;
    private const double Slower = 0.5;

    // An initial limit that may be too much already.
    private const double LookFirstDownFrom = 8;

    // Less of a step than this is none.
    internal const double LeastStep = 0.03;

    public static ILimitLaw Create(LimitSettings settings) => new TrialLaw<PowerState>(settings, Start(settings), Step);

    public static PowerState Start(LimitSettings settings)
        => new() { Ground = Ground.Start(settings), Alarm = Alarm.None, Reach = MostReach, Side = settings.Initial >= LookFirstDownFrom ? -1 : 1 };

    public static (PowerState State, LimitDecision Decision) Step(PowerState state, in WindowSummary window, LimitSettings settings)
    {
        state = state with { Ground = state.Ground.With(window) };
        if (state.Ground.TryPass(window, out Ground passed, out LimitReason reason))
        {
            if (reason == LimitReason.NotBound)
            {
                state = state with { Alarm = state.Alarm.Seen(window) };
            }

            // Where all are let in there is no start any more.
            double reach = reason == LimitReason.NotBound ? Math.Min(state.Reach, CalmReach) : state.Reach;
            return Decide(state with { Ground = passed, Before = default, Evidence = 0, Reach = reach, Side = -1 }, settings, reason, null);
        }

        PowerPoint here = new(
            Math.Log(window.MeanInFlight),
            (WorkCounts * Math.Log(window.WorkRate)) - (0.5 * Math.Log(window.Stretch * window.LatencyStretch)),
            Square((1 + WorkCounts) * window.Noise) + Square((0.5 + WorkCounts) * window.EdgeNoise));
        (Alarm alarm, bool look, bool wait) = state.Alarm.With(window);
        state = state with { Alarm = alarm };
        if (wait)
        {
            return Decide(state with { Before = default }, settings, LimitReason.Hold, state.Ground.InForce);
        }

        if (look)
        {
            double low = Alarm.Depth * window.MeanInFlight;
            state = state with { Before = here, Evidence = 0, Side = -1, Reach = MostReach, Ground = state.Ground with { Limit = Math.Sqrt(Alarm.Depth) * window.MeanInFlight } };
            return Decide(state, settings, LimitReason.Test, low);
        }

        PowerState next = state with { Before = here, Side = -state.Side, Evidence = state.Evidence + state.Before.EvidenceTo(here) };
        if (Math.Abs(next.Evidence) >= Decided)
        {
            next = Move(next, Math.Sign(next.Evidence));
        }

        return Decide(next, settings, next.Reach > 0.2 ? LimitReason.SlowStart : LimitReason.Follow, Beside(next));
    }

    private static double Square(double value) => value * value;

    private static PowerState Move(PowerState state, int way)
    {
        double reach = Math.Clamp(state.Reach * (way == state.Way ? Faster : state.Way == 0 ? 1 : Slower), LeastReach, MostReach);
        return state with
        {
            Ground = state.Ground with { Limit = state.Ground.Limit * Math.Exp(way * (state.Reach + reach)) },
            Reach = reach,
            Way = way,
            Evidence = 0,

            // What was seen on that side is on the other side of the new limit.
            Side = way,
        };
    }

    // At least one apart, or small limits would not be told apart at all.
    private static double Beside(PowerState state)
    {
        double low = Math.Round(state.Ground.Limit * Math.Exp(-state.Reach));
        return state.Side < 0 ? low : Math.Max(low + 1, state.Ground.Limit * Math.Exp(state.Reach));
    }

    private static (PowerState State, LimitDecision Decision) Decide(PowerState state, LimitSettings settings, LimitReason reason, double? look)
    {
        WindowPace pace = state.Reach > 0.2 && reason != LimitReason.Test ? WindowPace.Hasty : WindowPace.Usual;
        (Ground ground, LimitDecision decision) = state.Ground.Decide(settings, reason, look, pace);
        return (state with { Ground = ground }, decision);
    }
}
