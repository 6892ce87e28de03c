using Backpressure.Configuration;

namespace Backpressure.Observability;

/// <summary>One gate as it stands: what metrics tell of it, and what they do not.</summary>
internal sealed record GateSnapshot
{
    public required string Downstream { get; init; }

    /// <summary>Whether it only pretends, for requests that are observed.</summary>
    public required bool IsShadow { get; init; }

    public required DownstreamSettings Settings { get; init; }

    /// <summary>In force, lowered by signals.</summary>
    public required int Limit { get; init; }

    /// <summary>What the law would allow.</summary>
    public required int LawLimit { get; init; }

    /// <summary>Why the law decided as it did last.</summary>
    public required string LawReason { get; init; }

    /// <summary>The signal that keeps the limit below what the law allows; null: none.</summary>
    public required string? LimitedBy { get; init; }

    /// <summary>Units that ordinary requests hold.</summary>
    public required int InFlight { get; init; }

    public required int Exempt { get; init; }

    public required int LongLived { get; init; }

    public required int Observed { get; init; }

    public required int FailedOpen { get; init; }

    /// <summary>Who waits, by priority.</summary>
    public required int[] Waiting { get; init; }

    /// <summary>Places for those that may be evicted.</summary>
    public required int Capacity { get; init; }

    /// <summary>Requests a second that the full gate completes; 0: not known.</summary>
    public required double DrainPerSecond { get; init; }

    /// <summary>Since when it sheds; null: it does not.</summary>
    public required DateTimeOffset? SheddingSince { get; init; }

    /// <summary>
    /// How long one that came now would wait, in seconds, by the rule that a gate refuses by: who is served before it ÷ the drain
    /// rate. 0 where nobody waits or the rate is not known.
    /// </summary>
    public double WaitOf(Priority priority)
    {
        int ahead = 0;
        for (int i = 0; i <= (int)priority; i++)
        {
            ahead += Waiting[i];
        }

        return DrainPerSecond > 0 ? ahead / DrainPerSecond : 0;
    }
}
