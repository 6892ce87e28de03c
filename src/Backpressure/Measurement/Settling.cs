namespace Backpressure.Measurement;

/// <summary>What of the time after a decision says nothing about it.</summary>
internal enum Settling
{
    None,

    /// <summary>A mean latency: the requests admitted under the old limit are still leaving.</summary>
    AfterChange,

    /// <summary>At least a shortest window, so that one burst of dropped requests cuts the limit once.</summary>
    AfterDropped,
}
