namespace Backpressure.Http.Destinations;

/// <summary>What became of a wait for a credit.</summary>
internal enum CreditAnswer
{
    /// <summary>It may be sent, and what it has spent may be given back.</summary>
    Spent,

    /// <summary>It may be sent: nothing is counted any more.</summary>
    Free,

    /// <summary>It waited in vain, or for want of room not at all.</summary>
    None,

    /// <summary>Its deadline came first.</summary>
    DeadlineExceeded,

    /// <summary>Its caller has gone.</summary>
    ClientAborted,
}
