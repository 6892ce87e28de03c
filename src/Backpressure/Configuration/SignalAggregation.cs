namespace Backpressure;

/// <summary>How the series of an instrument become one value.</summary>
public enum SignalAggregation
{
    /// <summary>All series added up.</summary>
    Sum,

    /// <summary>The largest series. For a histogram: the largest value since the last look.</summary>
    Max,

    /// <summary>The mean of all series. For a histogram: the mean of all values since the last look.</summary>
    Average,

    /// <summary>By how much the sum of all series grows a second.</summary>
    Rate,
}
