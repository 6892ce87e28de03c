namespace Backpressure.Admission;

/// <summary>What a gate needs to know of a request. Times in timestamp ticks.</summary>
internal readonly record struct Arrival
{
    public const long Never = long.MaxValue;

    public required Priority Priority { get; init; }

    public required Overflow Overflow { get; init; }

    public required int Cost { get; init; }

    /// <summary>The longest it may wait.</summary>
    public required long MaxWait { get; init; }

    /// <summary>When its caller stops caring, or <see cref="Never"/>.</summary>
    public long Deadline { get; init; } = Never;

    /// <summary>What a request of its route usually takes once it runs; 0: unknown.</summary>
    public long UsualService { get; init; }

    /// <summary>The name of its policy, so that a reload finds those it concerns.</summary>
    public string Policy { get; init; } = string.Empty;

    /// <summary>Whose request it is, as a hash of its key (<see cref="PartitionHash"/>); 0: nobody's in particular, one partition for all such.</summary>
    public ulong Partition { get; init; }

    /// <summary>Who goes first when loads are about equal: the lower, 0 to 127. All alike: nobody.</summary>
    public byte Cohort { get; init; }

    /// <summary>Whether others wait for it already: it ranks just above its own priority and partition.</summary>
    public bool Nested { get; init; }

    public Arrival()
    {
    }

    public long WaitsUntil(long now) => MaxWait > Never - now ? Never : now + MaxWait;

    /// <summary>Whether it could still be served by its deadline if it started at <paramref name="start"/>.</summary>
    public bool IsInTime(double start) => Deadline == Never || start + UsualService <= Deadline;
}

/// <summary>Why a gate refused, and in how many seconds to try again (0: nothing to say).</summary>
internal readonly record struct Refusal(RejectionReason Reason, int RetryAfterSeconds);

internal enum ArrivalResult
{
    Admitted,
    Queued,
    Refused,
}
