namespace Backpressure;

/// <summary>How many requests may be in flight at a gate, in units of cost (1 a request unless said otherwise).</summary>
public sealed class LimitOptions
{
    /// <summary>The law that moves the limit. Default <see cref="LimitAlgorithm.Adaptive"/>.</summary>
    public LimitAlgorithm Algorithm { get; set; }

    /// <summary>The limit of <see cref="LimitAlgorithm.Fixed"/>, required there and refused elsewhere. 1 to 100 000.</summary>
    public int? Value { get; set; }

    /// <summary>
    /// Where a moving limit starts. <see cref="Min"/> to <see cref="Max"/>; default 20. <see cref="LimitAlgorithm.Adaptive"/>
    /// believes at most 20 (or <see cref="Min"/>, if that is more) and earns the rest within seconds.
    /// </summary>
    public int? Initial { get; set; }

    /// <summary>The lowest a moving limit may go. 1 to <see cref="Max"/>; default 4.</summary>
    public int? Min { get; set; }

    /// <summary>The highest a moving limit may go. <see cref="Min"/> to 100 000; default 1000.</summary>
    public int? Max { get; set; }
}
