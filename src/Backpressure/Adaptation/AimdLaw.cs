using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>
/// Additive increase, multiplicative decrease: one more for each window in which the limit bound, a tenth less for each
/// in which the downstream timed out or refused.
/// </summary>
/// <remarks>
/// Source: Chiu and Jain 1989, TCP Reno (RFC 5681 §3.1), and <c>AIMDLimit</c> of Netflix concurrency-limits, whose
/// back-off of 0.9 it takes. It knows nothing of latency: without a <see cref="Outcome.Dropped"/> it grows to the
/// maximum.
/// </remarks>
internal sealed class AimdLaw(LimitSettings settings, int inUse = 0) : ILimitLaw
{
    private const double Backoff = 0.9;

    private LimitSettings _settings = settings;

    public LimitDecision Current { get; private set; } = Start(settings, inUse);

    /// <summary>A limit that traffic is running at already is kept; else the initial one.</summary>
    public static LimitDecision Start(LimitSettings settings, int inUse = 0)
    {
        int limit = Math.Clamp(inUse > 0 ? inUse : settings.Initial, settings.Min, settings.Max);
        return new LimitDecision(limit, limit, LimitReason.Configured);
    }

    public static LimitDecision Step(int limit, in WindowSummary window, LimitSettings settings)
    {
        (int next, LimitReason reason) = window switch
        {
            // A limit that is not enforced was not the cause of what the window saw.
            { Shadow: true, Refused: > 0 } => (limit, LimitReason.Hold),
            { Dropped: > 0 } => ((int)(limit * Backoff), LimitReason.Dropped),

            // A signal holds the gate lower than this law would: the law's own limit did not bind.
            _ when window.Limit < limit => (limit, LimitReason.Hold),
            { Bound: true } => (limit + 1, LimitReason.Increase),
            _ => (limit, LimitReason.NotBound),
        };
        next = Math.Clamp(next, settings.Min, settings.Max);
        return new LimitDecision(next, next, reason);
    }

    public LimitDecision Step(in WindowSummary window) => Current = Step(Current.Limit, window, _settings);

    public LimitDecision Reconfigure(LimitSettings settings)
    {
        _settings = settings;
        int limit = Math.Clamp(Current.Limit, settings.Min, settings.Max);
        return Current = new LimitDecision(limit, limit, LimitReason.Configured);
    }
}
