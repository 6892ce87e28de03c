using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>What happens, and what is asked of a law meanwhile.</summary>
internal sealed record Scenario
{
    /// <summary>As in the table of scenarios.</summary>
    public required int Number { get; init; }

    public required string Title { get; init; }

    public required IReadOnlyList<Phase> Phases { get; init; }

    public required IReadOnlyList<Figure> Figures { get; init; }

    public IReadOnlyList<RequestKind> Kinds { get; init; } = [new("all")];

    /// <summary>Servers ÷ those of the plant.</summary>
    public double Servers { get; init; } = 1;

    /// <summary>Time-outs are multiples of this many W.</summary>
    public double Patience { get; init; } = 1;

    /// <summary>Whether it is tried from these initial limits only; null: from all.</summary>
    public IReadOnlyList<int>? Initials { get; init; }
}
