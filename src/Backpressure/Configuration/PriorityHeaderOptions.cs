namespace Backpressure;

/// <summary>Which priority headers are believed, and from whom. By default none.</summary>
public sealed class PriorityHeaderOptions
{
    /// <summary>
    /// Whether the RFC 9218 header <c>Priority: u=…</c> may lower a request below its policy's priority (never
    /// raise it): u=0–3 leaves it as it is, u=4 and 5 lower it by one level, u=6 and 7 to
    /// <see cref="Priority.Low"/>. Default <see langword="false"/>.
    /// </summary>
    public bool Lower { get; set; }

    /// <summary>
    /// The header that may raise or lower to one of the names of <see cref="Priority"/>, believed only from
    /// <see cref="KnownIPNetworks"/> or with <see cref="Claim"/>; an edge must strip it. Default
    /// <c>Backpressure-Priority</c>.
    /// </summary>
    public string Name { get; set; } = "Backpressure-Priority";

    /// <summary>Networks in CIDR form, their host bits zero, whose peers may raise. Empty by default: nobody.</summary>
    public IList<string> KnownIPNetworks { get; } = [];

    /// <summary>A claim, <c>type</c> or <c>type=value</c>, whose bearer may raise. Default <see langword="null"/>: nobody.</summary>
    public string? Claim { get; set; }
}
