namespace Backpressure;

/// <summary>The law that moves a gate's limit.</summary>
public enum LimitAlgorithm
{
    /// <summary>Finds the downstream's knee from throughput, latency and small dips. The default.</summary>
    Adaptive = 0,

    /// <summary>Never moves: <see cref="LimitOptions.Value"/>.</summary>
    Fixed = 1,

    /// <summary>Additive increase while the limit binds, multiplicative decrease on dropped requests.</summary>
    Aimd = 2,
}
