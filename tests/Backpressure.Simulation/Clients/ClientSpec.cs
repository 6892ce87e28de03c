namespace Backpressure.Simulation.Clients;

/// <summary>What clients do when they are refused or hear nothing. Times are for a plant with W = 50 ms.</summary>
internal sealed record ClientSpec
{
    /// <summary>Seconds after which a client gives an attempt up; null: it waits for the answer, however late.</summary>
    public double? TimeOut { get; init; }

    /// <summary>How often one tries again at most.</summary>
    public required int Retries { get; init; }

    /// <summary>Whether it comes back when it was told to; otherwise after a pause of its own.</summary>
    public bool ObeysRetryAfter { get; init; }

    /// <summary>Whether Backpressure.Http stands in between, in each <see cref="CallingProcess"/>.</summary>
    public bool HasHandler { get; init; }
}
