namespace Backpressure;

/// <summary>A capacity that requests use up (a database, another service, this host) and the gate that guards it.</summary>
public sealed class DownstreamOptions
{
    /// <summary>How many requests may be in flight, and what moves that number.</summary>
    public LimitOptions Limit { get; set; } = new();

    /// <summary>Who may wait when the limit is reached.</summary>
    public QueueOptions Queue { get; set; } = new();

    /// <summary>The signals that lower its limit, by their names under <see cref="BackpressureOptions.Signals"/>. Default none.</summary>
    public IList<string> Signals { get; } = [];

    /// <summary>
    /// How many long-lived requests (see <see cref="HoldUntil.ResponseStart"/>) may be open at once after they have
    /// freed their slot; beyond it they keep it until they end. 1 to 1 000 000, default 10 000.
    /// </summary>
    public int MaxLongLived { get; set; } = 10_000;
}
