namespace Backpressure.Measurement;

/// <summary>What a window needs to know of a gate; counts are totals since its start.</summary>
internal readonly record struct GateReading
{
    public required int Limit { get; init; }

    public required int InFlight { get; init; }

    /// <summary>Taken before <see cref="InFlight"/> was read.</summary>
    public LongHeldMark Mark { get; init; }

    /// <summary>A timestamp from after that.</summary>
    public long ReadAt { get; init; }

    public required int Waiting { get; init; }

    /// <summary>Arrivals that met a full gate.</summary>
    public required long FullArrivals { get; init; }

    /// <summary>Those of them that asked the gate, by priority.</summary>
    public PriorityCounts FullByPriority { get; init; }

    /// <summary>Of those, the ones refused or evicted.</summary>
    public required long Refused { get; init; }

    /// <summary>Of those, the ones admitted after a wait.</summary>
    public required long AdmittedLate { get; init; }

    /// <summary>Whether its policies let requests wait.</summary>
    public required bool CanQueue { get; init; }

    public required bool Shadow { get; init; }

    /// <summary>Whether a signal keeps the limit below the law's: what passes then says nothing about the law's.</summary>
    public bool Held { get; init; }
}
