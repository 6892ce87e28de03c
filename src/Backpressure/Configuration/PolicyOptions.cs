namespace Backpressure;

/// <summary>A named set of choices for routes.</summary>
public sealed class PolicyOptions
{
    /// <summary>How much the request matters. Default <see cref="Priority.Normal"/>.</summary>
    public Priority Priority { get; set; } = Priority.Normal;

    /// <summary>What happens when the gate is full. Default <see cref="Overflow.Shed"/>.</summary>
    public Overflow Overflow { get; set; }

    /// <summary>
    /// The longest it may wait: above zero, at most 10 minutes. Default <see langword="null"/>: 500 ms for
    /// <see cref="Overflow.Shed"/>, 30 s for <see cref="Overflow.Block"/>. Refused for <see cref="Overflow.Reject"/>,
    /// which never waits.
    /// </summary>
    public TimeSpan? MaxWait { get; set; }

    /// <summary>The downstream whose gate it passes. Default <c>Default</c>.</summary>
    public string Downstream { get; set; } = "Default";

    /// <summary>The rate limit it is subject to. Default <see langword="null"/>: none.</summary>
    public string? RateLimit { get; set; }

    /// <summary>
    /// Whose request it is while it waits: those of one priority are served in turn, by whom they are of. As
    /// <see cref="BackpressureOptions.PartitionBy"/>, which is the default. Rate limits have a key of their own.
    /// </summary>
    public string? PartitionBy { get; set; }

    /// <summary>
    /// How far decisions are carried out for this policy. Default <see langword="null"/>: as
    /// <see cref="BackpressureOptions.Mode"/>, which also wins when it is less than this.
    /// </summary>
    public BackpressureMode? Mode { get; set; }

    /// <summary>When the slot is freed. Default <see cref="HoldUntil.HandlerEnd"/>.</summary>
    public HoldUntil HoldUntil { get; set; }

    /// <summary>How many units of the limit a request takes: 1 to 1000, default 1.</summary>
    public int Cost { get; set; } = 1;

    /// <summary>
    /// Who is told, by the response header <c>Backpressure-Credit</c>, how many more requests of that priority it may send now.
    /// Default <see cref="CreditGrant.Known"/>.
    /// </summary>
    public CreditGrant Credits { get; set; }

    /// <summary>
    /// <see langword="true"/> for requests that are counted apart and never held back (health probes). No other key
    /// of the policy may be set then. Default <see langword="false"/>.
    /// </summary>
    public bool Exempt { get; set; }
}
