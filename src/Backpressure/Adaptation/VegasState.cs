namespace Backpressure.Adaptation;

/// <summary>What <see cref="VegasLaw"/> remembers from window to window.</summary>
internal readonly record struct VegasState
{
    /// <summary>Fractional; what is below the whole number is not in force.</summary>
    public required double Limit { get; init; }

    /// <summary>The mean latency, in seconds, taken to be that of an empty downstream; 0: none yet.</summary>
    public double NoLoad { get; init; }

    /// <summary>Updates since the last probe.</summary>
    public int Updates { get; init; }

    /// <summary>Where between half of it and all of it the next probe's interval lies: 0.5 to 1.</summary>
    public double Jitter { get; init; }

    /// <summary>The second that is being gathered.</summary>
    public SampleWindow Open { get; init; }
}
