using Backpressure.Admission;

namespace Backpressure.Simulation.Running;

/// <summary>A request on its way; used again once it is over.</summary>
internal sealed class Request(Run run) : Waiter
{
    /// <summary>Seconds; of this attempt.</summary>
    public double ArrivedAt { get; set; }

    /// <summary>When the gate let it in, in ticks.</summary>
    public long StartedAt { get; set; }

    /// <summary>Seconds, on servers of its own.</summary>
    public double Work { get; set; }

    public int Kind { get; set; }

    /// <summary>Servers that it keeps busy at a time.</summary>
    public int Servers { get; set; } = 1;

    /// <summary>The phase in which its client came first.</summary>
    public int Phase { get; set; }

    /// <summary>Whose it is: the number of the arrival.</summary>
    public int Client { get; set; }

    /// <summary>0: the client's first.</summary>
    public int Attempt { get; set; }

    /// <summary>Whether its client pauses before sending it.</summary>
    public bool Pausing { get; set; }

    /// <summary>Whether its client has given it up while it ran.</summary>
    public bool Abandoned { get; set; }

    /// <summary>Its service time in ticks, where it keeps its units after it was served.</summary>
    public long ServedIn { get; set; }

    /// <summary>What became of it, where it does.</summary>
    public Outcome Outcome { get; set; }

    /// <summary>Whether this attempt had to wait for its turn, which its tenant then pays for.</summary>
    public bool HasWaited { get; set; }

    /// <summary>Changes whenever what was planned for it no longer holds.</summary>
    public long Ticket { get; set; }

    public override void OnDecided() => run.Decided(this);
}
