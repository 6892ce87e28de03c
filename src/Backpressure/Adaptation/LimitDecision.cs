using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>The next limit, and why.</summary>
/// <param name="Limit">In force from now.</param>
/// <param name="Nominal">
/// What queue capacity and feasibility go by: equal to <paramref name="Limit"/> except for a moment of learning below
/// or above it, which must refuse nobody.
/// </param>
/// <param name="Reason">Why it moved, or did not.</param>
internal readonly record struct LimitDecision(int Limit, int Nominal, LimitReason Reason)
{
    /// <summary>What the routes' baselines learn from the window that was decided on.</summary>
    public BaselineChange Baselines { get; init; }

    /// <summary>How much the next window has to hold.</summary>
    public WindowPace Pace { get; init; }
}

/// <summary>Why a law decided as it did.</summary>
internal enum LimitReason
{
    /// <summary>As configured at start or by a reload.</summary>
    Configured,

    /// <summary>Nothing to learn from this window.</summary>
    Hold,

    /// <summary>The limit did not bind, so it proves nothing and stays.</summary>
    NotBound,

    /// <summary>Growing fast because nothing queues in the downstream yet.</summary>
    SlowStart,

    /// <summary>Additive growth, or the first window after a cut.</summary>
    Increase,

    /// <summary>Following the measured stretch up or down.</summary>
    Follow,

    /// <summary>A short dip to learn unqueued latencies, absorbed by the queue.</summary>
    Dip,

    /// <summary>The downstream timed out or refused.</summary>
    Dropped,

    /// <summary>A cut to tell congestion from a change of latency.</summary>
    Test,

    /// <summary>The test found a change of latency: the baselines were moved.</summary>
    Shift,

    /// <summary>A moment above the limit, to see whether lost capacity has come back.</summary>
    Look,
}
