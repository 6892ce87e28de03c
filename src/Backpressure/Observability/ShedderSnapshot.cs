using Backpressure.Configuration;

namespace Backpressure.Observability;

/// <summary>All that a shedder can tell of itself at one moment.</summary>
internal sealed record ShedderSnapshot
{
    public required DateTimeOffset At { get; init; }

    /// <summary>The same moment on the engine's clock.</summary>
    public required long Timestamp { get; init; }

    /// <summary>The configuration in force.</summary>
    public required ShedderSettings Settings { get; init; }

    public required bool ShuttingDown { get; init; }

    /// <summary>By name; a shadow follows its gate.</summary>
    public required IReadOnlyList<GateSnapshot> Gates { get; init; }

    /// <summary>By downstream, apart for policies that are observed; one where nothing was decided yet is not there.</summary>
    public required IReadOnlyDictionary<(string Downstream, bool Observed), DecisionTotals> Decisions { get; init; }

    public required IReadOnlyList<SignalSnapshot> Signals { get; init; }
}
