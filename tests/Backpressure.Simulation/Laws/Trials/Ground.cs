using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>
/// What the laws on trial have in common with <c>Adaptive</c>, so that only their ideas differ: what they believe at the
/// start, how far they go above what has been seen, and which windows teach nothing.
/// </summary>
/// <param name="Limit">Dips and looks aside.</param>
/// <param name="InForce">With them.</param>
/// <param name="Peak">Most ever seen in flight.</param>
/// <param name="Young">On its way up to what is believed.</param>
internal readonly record struct Ground(double Limit, int InForce, int Peak, bool Young)
{
    /// <summary>Believed without evidence: all three did better from 12 than from the 20 of <c>Adaptive</c>.</summary>
    public const int Believed = 12;

    private const double Backoff = 0.9;
    private const int FewestCompletions = 3;

    public static Ground Start(LimitSettings settings)
    {
        int limit = Math.Clamp(Math.Min(settings.Initial, Believed), settings.Min, settings.Max);
        return new Ground(limit, limit, 0, limit < Believed);
    }

    public Ground With(in WindowSummary window) => this with { Peak = Math.Max(Peak, window.PeakInFlight) };

    /// <summary>
    /// Decides where a window says nothing of what the limit does: not enforced, dropped, held lower, standing still, not bound,
    /// or too few at once. False: it teaches.
    /// </summary>
    public bool TryPass(in WindowSummary window, out Ground next, out LimitReason reason)
    {
        (next, reason) = window switch
        {
            { Shadow: true, Refused: > 0 } => (this, LimitReason.Hold),
            _ when window.Dropped * 50 > window.Completions => (this with { Limit = Limit * Backoff }, LimitReason.Dropped),
            _ when window.Limit < InForce || window.Completions < FewestCompletions => (this, LimitReason.Hold),

            // A half-used limit proves nothing: at most twice what has been seen to work.
            { Bound: false } => (
                this with { Limit = Math.Max(Limit, Math.Max(window.PeakInFlight, Math.Min(Believed, 2 * window.PeakInFlight))), Young = false },
                LimitReason.NotBound),

            // So few at once say so little in so much time that it is quicker to look where more can be seen.
            _ when Young => (this with { Limit = Math.Min(2 * Limit, Believed), Young = 2 * Limit < Believed }, LimitReason.SlowStart),
            _ => (this, LimitReason.Configured),
        };
        return reason != LimitReason.Configured;
    }

    /// <summary>Puts a limit in force, and for the next window perhaps another.</summary>
    /// <param name="look">In place of the limit, for one window; null: the limit itself.</param>
    public (Ground Ground, LimitDecision Decision) Decide(
        LimitSettings settings, LimitReason reason, double? look = null, WindowPace pace = WindowPace.Usual, BaselineChange baselines = default)
    {
        double most = Math.Max(settings.Min, Math.Min(settings.Max, Math.Max(Believed, 4.0 * Peak)));
        double limit = Math.Clamp(Limit, settings.Min, most);
        int nominal = (int)Math.Round(limit);
        int inForce = look is { } other ? (int)Math.Clamp(Math.Round(other), settings.Min, most) : nominal;
        return (
            this with { Limit = limit, InForce = inForce },
            new LimitDecision(inForce, Math.Max(nominal, inForce), reason) { Pace = pace, Baselines = baselines });
    }
}
