namespace Backpressure;

/// <summary>What happens to a request when its gate is full.</summary>
public enum Overflow
{
    /// <summary>
    /// Waits in the priority queue for at most its policy's <c>MaxWait</c>. A full queue evicts the newest
    /// waiter of a lower priority for it, or rejects it when there is none. The default.
    /// </summary>
    Shed = 0,

    /// <summary>Waits and is never evicted, bounded by the gate's <c>BlockCapacity</c>: for work that must not be lost.</summary>
    Block = 1,

    /// <summary>Never waits: rejected at once.</summary>
    Reject = 2,
}
