namespace Backpressure.Adaptation;

/// <summary>What <see cref="Gradient2Law"/> remembers from window to window.</summary>
internal readonly record struct Gradient2State
{
    /// <summary>Fractional; what is below the whole number is not in force.</summary>
    public required double Limit { get; init; }

    /// <summary>The usual latency, in seconds.</summary>
    public required LongAverage Long { get; init; }

    /// <summary>The second that is being gathered.</summary>
    public SampleWindow Open { get; init; }
}
