using Backpressure.Admission;

namespace Backpressure.Simulation.Running;

/// <summary>A request on its way; used again once it is over.</summary>
internal sealed class Request(Run run) : Waiter
{
    /// <summary>Seconds.</summary>
    public double ArrivedAt { get; set; }

    /// <summary>When the gate let it in, in ticks.</summary>
    public long StartedAt { get; set; }

    /// <summary>Server-seconds.</summary>
    public double Work { get; set; }

    public int Kind { get; set; }

    /// <summary>The phase it arrived in.</summary>
    public int Phase { get; set; }

    public override void OnDecided() => run.Decided(this);
}
