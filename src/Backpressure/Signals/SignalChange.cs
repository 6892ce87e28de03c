namespace Backpressure.Signals;

/// <summary>Something an operator wants to know of a signal, told once each time.</summary>
internal readonly record struct SignalChange(Signal Signal, SignalChangeKind Kind)
{
    /// <summary>What was thrown.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Why nothing may be known, and the way out.</summary>
    public string Absence { get; init; } = string.Empty;
}

/// <summary>What has changed.</summary>
internal enum SignalChangeKind
{
    BeganLowering,
    StoppedLowering,
    WentStale,
    CameBack,
    Faulted,
}
