using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>The most work done of late × the least time it can take. On trial, not in the engine.</summary>
/// <remarks>
/// <para>
/// Idea. A downstream is busy and nothing queues in it with exactly <c>rate × delay</c> in flight. Neither can be seen at the
/// same time: the rate only with enough in flight, the delay only with little. So both are remembered, the highest rate
/// for some windows and the least stretch for longer, and a cycle of gains looks for either in turn.
/// </para>
/// <para>
/// Formula. <c>L = gain × max Y × min S</c> (Y in servers' worth of work by the routes' baselines, so S is how many times longer
/// than its baseline work takes at least). Gains: up, down (to drain what up has queued), then 1 for some windows; as long as up pays,
/// up again. Against noise a rate counts for 0.7 standard errors less than measured, or the highest would be the luckiest. Every twenty windows, and when the
/// stretch jumps, one window below measures the least stretch anew; if after a jump it is no less there, latency itself has
/// grown.
/// </para>
/// <para>
/// Source: BBR (Cardwell et al., ACM Queue 2016; draft-cardwell-iccrg-bbr-congestion-control): startup, drain, the cycle of gains and
/// both filters; by Little's law what it calls BDP is the knee.
/// </para>
/// </remarks>
internal static class BottleneckLaw
{
    // Gains.
    private const double Startup = 2;
    private const double Up = 1.1;
    private const double Down = 0.92;

    // Windows: of a cycle of gains, of one of the two spans that a rate is remembered for, between looks from below.
    private const int Cycle = 6;
    private const int RateExpires = 8;
    private const int StretchExpires = 20;

    // A look from below: how far, and how much of what it sees the least stretch takes.
    private const double LookDepth = 0.75;
    private const double LookWeight = 0.3;

    // Of the gain, by which the rate must have grown for up to have paid.
    private const double Pays = 0.5;

    // Standard errors.
    private const double ErrorsLess = 0.7;

    // So much of the stretch in the look from below, and latency itself has grown.
    private const double StillStretched = 0.8;

    public static ILimitLaw Create(LimitSettings settings) => new TrialLaw<BottleneckState>(settings, Start(settings), Step);

    public static BottleneckState Start(LimitSettings settings)
        => new() { Ground = Ground.Start(settings), Alarm = Alarm.None, Phase = BottleneckPhase.Startup, Rate = new Extreme(RateExpires), Least = 1 };

    public static (BottleneckState State, LimitDecision Decision) Step(BottleneckState state, in WindowSummary window, LimitSettings settings)
    {
        state = state with { Ground = state.Ground.With(window) };
        if (state.Ground.TryPass(window, out Ground passed, out LimitReason reason))
        {
            if (reason == LimitReason.NotBound)
            {
                state = state with { Alarm = state.Alarm.Seen(window) };
            }

            // Where all are let in there is no start any more.
            BottleneckPhase phase = reason == LimitReason.NotBound ? BottleneckPhase.Cycle : state.Phase;
            state = state with
            {
                Ground = passed,
                Phase = phase,
                Rate = state.Phase == phase ? state.Rate : new Extreme(RateExpires).With(passed.Limit / state.Least),
                Turn = state.Phase == phase ? state.Turn : 1,
            };
            return Decide(state, settings, reason, 1, default);
        }

        double rate = window.WorkRate * (1 - (ErrorsLess * window.StretchNoise));
        if (state.Phase == BottleneckPhase.Below)
        {
            return AfterLook(state, window, settings, rate);
        }

        (Alarm alarm, bool look, bool wait) = state.Alarm.With(window);
        state = state with { Alarm = alarm, SinceLook = state.SinceLook + 1 };
        if (wait)
        {
            return Decide(state, settings, LimitReason.Hold, 1, default);
        }

        if (look || state.SinceLook >= StretchExpires)
        {
            // After a jump the rates of before are no longer true.
            Extreme fresh = look ? new Extreme(RateExpires).With(rate) : state.Rate.With(rate);
            state = state with { Phase = BottleneckPhase.Below, Jumped = look, Rate = fresh, Stretch = window.LatencyStretch, SinceLook = 0 };
            return Decide(state, settings, LimitReason.Test, look ? Alarm.Depth : LookDepth, default);
        }

        bool paid = state.Rate.Count == 0 || rate > state.Rate.Value * (1 + (Pays * (state.Gain - 1)));
        state = state with { Rate = state.Rate.With(rate) };
        if (state.Phase == BottleneckPhase.Startup)
        {
            if (!paid && state.Flat > 0)
            {
                // Full: what was seen on the way here is the least stretch, until a look from below says it better.
                return Settle(state with { Phase = BottleneckPhase.Cycle, Turn = 1, SinceLook = StretchExpires - 1 }, settings, Down, LimitReason.Follow);
            }

            // Not by the rate: with the few of a first window it is too uncertain to grow by.
            state = state with
            {
                Ground = state.Ground with { Limit = window.MeanInFlight },
                Flat = paid ? 0 : 1,
                Gain = paid ? Startup : 1,
                Least = state.Least + (0.3 * ((paid ? window.LatencyStretch : state.Least) - state.Least)),
            };
            return Decide(state, settings, LimitReason.SlowStart, state.Gain, default);
        }

        int turn = state.Turn == 0 && paid ? 0 : (state.Turn + 1) % Cycle;
        double gain = turn switch { 0 => Up, 1 => Down, _ => 1 };
        return Settle(state with { Turn = turn }, settings, gain, turn == 0 ? LimitReason.Increase : LimitReason.Follow);
    }

    // What the look from below saw is the least stretch now.
    private static (BottleneckState State, LimitDecision Decision) AfterLook(
        BottleneckState state, in WindowSummary window, LimitSettings settings, double rate)
    {
        bool grown = state.Jumped && window.LatencyStretch > StillStretched * state.Stretch;
        double weight = grown ? 1 : state.Jumped ? 0 : LookWeight;
        state = state with
        {
            Phase = grown ? BottleneckPhase.Startup : BottleneckPhase.Cycle,
            Least = state.Least + (weight * (window.LatencyStretch - state.Least)),
            Rate = state.Rate.With(rate),
            Flat = 0,
            Turn = 1,
            Alarm = Alarm.None,
        };
        return grown
            ? Decide(state with { Gain = 1, Rate = new Extreme(RateExpires) }, settings, LimitReason.Shift, 1, default)
            : Settle(state, settings, 1, LimitReason.Follow);
    }

    private static (BottleneckState State, LimitDecision Decision) Settle(
        BottleneckState state, LimitSettings settings, double gain, LimitReason reason, BaselineChange baselines = default)
    {
        state = state with { Gain = gain, Ground = state.Ground with { Limit = Math.Max(settings.Min, state.Rate.Value * state.Least) } };
        return Decide(state, settings, reason, gain, baselines);
    }

    private static (BottleneckState State, LimitDecision Decision) Decide(
        BottleneckState state, LimitSettings settings, LimitReason reason, double gain, BaselineChange baselines)
    {
        WindowPace pace = reason == LimitReason.SlowStart ? WindowPace.Hasty : WindowPace.Usual;
        double look = gain * state.Ground.Limit;
        look = gain > 1 ? Math.Max(look, Math.Round(state.Ground.Limit) + 1) : look;
        (Ground ground, LimitDecision decision) = state.Ground.Decide(settings, reason, look, pace, baselines);
        return (state with { Ground = ground }, decision);
    }
}
