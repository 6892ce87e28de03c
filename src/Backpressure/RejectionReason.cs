namespace Backpressure;

/// <summary>Why a request was not run. The tag <c>backpressure.reason</c> on every refusal.</summary>
public enum RejectionReason
{
    /// <summary>It was not rejected.</summary>
    None = 0,

    /// <summary>The client spent its own rate limit (429).</summary>
    RateLimited,

    /// <summary>The host-wide ceiling <c>MaxConcurrentRequests</c> is reached.</summary>
    HostCeilingReached,

    /// <summary>The gate is full and the policy's overflow is <see cref="Overflow.Reject"/>.</summary>
    LimitReached,

    /// <summary>The priority queue is full and holds nothing of a lower priority to evict.</summary>
    QueueFull,

    /// <summary>The gate's <c>BlockCapacity</c> is used up.</summary>
    BlockCapacityReached,

    /// <summary>Refused on arrival: the wait ahead of it is longer than its <c>MaxWait</c>.</summary>
    WaitTooLong,

    /// <summary>Refused: by its deadline it could not have been served.</summary>
    DeadlineExceeded,

    /// <summary>Waited for <c>MaxWait</c> in vain.</summary>
    MaxWaitElapsed,

    /// <summary>Evicted from the queue for a request of a higher priority.</summary>
    Evicted,

    /// <summary>The client went away while the request waited; nobody is told.</summary>
    ClientAborted,

    /// <summary>The host is shutting down.</summary>
    ShuttingDown,
}
