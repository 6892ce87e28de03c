namespace Backpressure.Simulation.Scenarios;

/// <summary>A stretch of a scenario in which one thing is asked.</summary>
/// <param name="Seconds">Its length on a plant with W = 50 ms.</param>
/// <param name="Load">Offered load ÷ full capacity.</param>
internal sealed record Phase(double Seconds, double Load)
{
    /// <summary>Offered load at its end, for a ramp.</summary>
    public double LoadAtEnd { get; init; } = Load;

    /// <summary>Servers that are there ÷ all of them.</summary>
    public double Capacity { get; init; } = 1;

    /// <summary>How many times longer service takes, with nothing else changed.</summary>
    public double Latency { get; init; } = 1;

    /// <summary>Shares of the kinds of request, if they are not the usual ones.</summary>
    public IReadOnlyList<double>? Mix { get; init; }
}
