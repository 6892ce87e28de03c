namespace Backpressure.Simulation.Arrivals;

/// <summary>
/// A stream of random numbers that depends on a seed and an index alone. Each arrival has its own, so a change of one
/// thing (the load, the law) leaves the draws of everything else as they were: differences are not noise.
/// </summary>
/// <remarks>Source: SplitMix64 (Steele, Lea and Flood, 2014).</remarks>
internal struct Draws
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private ulong _state;

    public Draws(int seed, long index) => _state = Mix(((ulong)(uint)seed * 0xD1B54A32D192ED03) ^ Mix((ulong)index + Gamma));

    /// <summary>From 0 up to, but not, 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1ul << 53));

    /// <summary>With mean 1.</summary>
    public double Exponential() => -Math.Log(1 - Unit());

    /// <summary>With mean 0 and deviation 1.</summary>
    public double Normal() => Math.Sqrt(2 * Exponential()) * Math.Cos(2 * Math.PI * Unit());

    private ulong Next() => Mix(_state += Gamma);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
