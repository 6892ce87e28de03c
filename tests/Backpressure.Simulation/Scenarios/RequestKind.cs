namespace Backpressure.Simulation.Scenarios;

/// <summary>A kind of request: a route, a priority, a tenant.</summary>
/// <param name="Name">As shown; its route in the engine.</param>
/// <param name="Work">Mean service time ÷ W.</param>
/// <param name="Share">Of all arrivals, where a phase says nothing else.</param>
internal sealed record RequestKind(string Name, double Work = 1, double Share = 1)
{
    public Priority Priority { get; init; } = Priority.Normal;
}
