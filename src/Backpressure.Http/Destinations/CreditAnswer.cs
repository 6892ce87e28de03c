namespace Backpressure.Http.Destinations;

/// <summary>What became of a wait for a credit.</summary>
internal enum CreditAnswer
{
    /// <summary>It may be sent.</summary>
    Granted,

    /// <summary>It waited in vain, or for want of room not at all.</summary>
    None,

    /// <summary>Its deadline came first.</summary>
    DeadlineExceeded,

    /// <summary>Its caller has gone.</summary>
    ClientAborted,
}
