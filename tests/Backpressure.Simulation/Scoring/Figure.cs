using Backpressure.Simulation.Running;

namespace Backpressure.Simulation.Scoring;

/// <summary>One number that a run is judged by.</summary>
/// <param name="Name">As in the table.</param>
/// <param name="Value">Of a run, with the oracle's on the same plant and seed beside it.</param>
internal sealed record Figure(string Name, Func<RunRecord, RunRecord, double> Value)
{
    /// <summary>What must be reached; null: only shown.</summary>
    public double? Threshold { get; init; }

    /// <summary>Whether more is better.</summary>
    public bool AtLeast { get; init; } = true;

    /// <summary>Turns it into a share that can be compared with the oracle's on other plants; null: not judged there.</summary>
    public Func<double, double>? Merit { get; init; }

    public static Figure Least(string name, double threshold, Func<RunRecord, RunRecord, double> value) =>
        new(name, value) { Threshold = threshold };

    public static Figure Most(string name, double threshold, Func<RunRecord, RunRecord, double> value) =>
        new(name, value) { Threshold = threshold, AtLeast = false };

    public bool Holds(double value, double threshold) => AtLeast ? value >= threshold : value <= threshold;

    /// <summary>The worse of two.</summary>
    public double Worse(double a, double b) => AtLeast ? Math.Min(a, b) : Math.Max(a, b);
}
