namespace Backpressure.Simulation.Scenarios;

/// <summary>A kind of request: a route, a priority, a tenant.</summary>
/// <param name="Name">As shown; its partition in the engine, where the scenario has tenants.</param>
/// <param name="Work">Mean service time ÷ W.</param>
/// <param name="Share">Of all arrivals, where a phase says nothing else.</param>
internal sealed record RequestKind(string Name, double Work = 1, double Share = 1)
{
    public Priority Priority { get; init; } = Priority.Normal;

    /// <summary>Its route in the engine.</summary>
    public string Route { get; init; } = Name;

    /// <summary>Units of the limit that it takes.</summary>
    public int Cost { get; init; } = 1;

    /// <summary>Servers that it keeps busy at a time.</summary>
    public int Servers { get; init; } = 1;

    /// <summary>Whether its latency says something of the downstream: that of an upload does not.</summary>
    public bool IsSample { get; init; } = true;

    /// <summary>How long it keeps its units after it was served, in W: a download by a slow client, which keeps no server busy.</summary>
    public double Lingers { get; init; }

    /// <summary>Its client's patience ÷ that of the others.</summary>
    public double Patience { get; init; } = 1;
}
