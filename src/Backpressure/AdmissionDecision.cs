namespace Backpressure;

/// <summary>What was decided of a request.</summary>
public enum AdmissionDecision
{
    /// <summary>It runs, and holds its units of the limit until it is completed.</summary>
    Admitted = 0,

    /// <summary>It does not run.</summary>
    Rejected,

    /// <summary>It runs although it would have been refused, because its policy is only observed.</summary>
    WouldReject,

    /// <summary>It runs and counts apart: it is exempt.</summary>
    Exempt,

    /// <summary>It runs uncounted: the mode is <see cref="BackpressureMode.Off"/>.</summary>
    Bypassed,

    /// <summary>It runs because deciding failed by a fault of our own, which is logged.</summary>
    FailedOpen,
}
