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

    /// <summary>
    /// Keeps a short queue in the downstream, reckoned once a second from how much longer requests take than the shortest
    /// mean latency seen. Source: TCP Vegas, and <c>VegasLimit</c> of Netflix concurrency-limits at its defaults.
    /// </summary>
    Vegas = 3,

    /// <summary>
    /// Shrinks, once a second, while requests take over 1.5 times as long as on the average of about ten minutes.
    /// Source: <c>Gradient2Limit</c> of Netflix concurrency-limits at its defaults.
    /// </summary>
    Gradient2 = 4,
}
