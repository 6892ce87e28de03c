namespace Backpressure.Downstreams;

/// <summary>
/// Nodes that serve again. Anyone returns; only the holder of the gate's lock rents. It takes all that have come back at once,
/// and of those it needs no interlocked operation for the next.
/// </summary>
internal sealed class PendingPool
{
    /// <summary>More than this many idle nodes are left to the garbage collector.</summary>
    private const int MaxIdle = 1024;

    // Taken and not rented yet, by links; the renter's own.
    private PendingAdmission? _ready;

    // Given back, by links.
    private PendingAdmission? _head;

    public PendingAdmission? TryRent()
    {
        PendingAdmission? first = _ready;
        if (first is null)
        {
            first = Volatile.Read(ref _head) is null ? null : Interlocked.Exchange(ref _head, null);
            if (first is null)
            {
                return null;
            }
        }

        _ready = first.PoolNext;
        first.PoolNext = null;
        return first;
    }

    public void Return(PendingAdmission pending)
    {
        PendingAdmission? head = Volatile.Read(ref _head);
        while (true)
        {
            // The head may be rented and come back meanwhile, at another depth: then the swap fails, or the count is off by a
            // few, which is no harm.
            int depth = head is null ? 1 : head.PoolDepth + 1;
            if (depth > MaxIdle)
            {
                pending.PoolNext = null;
                return;
            }

            pending.PoolNext = head;
            pending.PoolDepth = depth;
            PendingAdmission? seen = Interlocked.CompareExchange(ref _head, pending, head);
            if (seen == head)
            {
                return;
            }

            head = seen;
        }
    }
}
