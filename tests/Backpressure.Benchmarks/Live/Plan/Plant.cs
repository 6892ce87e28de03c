namespace Backpressure.Benchmarks.Live;

/// <summary>What stands behind the server and is too small.</summary>
/// <param name="Name">As the rows call it.</param>
/// <param name="Workers">How many requests it works on at a time, unless a <see cref="CapacityChange"/> says otherwise.</param>
/// <param name="Contention">
/// κ: with n in it, working or waiting, each takes 1 + κ·(n − workers)/workers times as long. 0: more in it only wait.
/// 0.5 leaves 67 % of the throughput with twice as many in it as workers, and 33 % with five times as many.
/// </param>
internal sealed record Plant(string Name, int Workers, double Contention)
{
    /// <summary>The server's own processor: requests compute for their service time, and nothing stands behind the server.</summary>
    public static readonly Plant Processor = new("processor", 1, Contention: 0) { Computes = true };

    public bool Computes { get; init; }
}

/// <summary>From then on the plant has so many workers; 0: it stands still, what it was working on included.</summary>
/// <param name="AtSecond">Counted from the start of the load.</param>
internal sealed record CapacityChange(double AtSecond, int Workers);

/// <summary>One kind of request.</summary>
/// <param name="FixedMs">Service time that every such request takes.</param>
/// <param name="ExponentialMs">Mean of the part that is drawn for each.</param>
internal sealed record Route(string Path, Priority Priority, double FixedMs, double ExponentialMs = 0)
{
    public double MeanMs => FixedMs + ExponentialMs;
}
