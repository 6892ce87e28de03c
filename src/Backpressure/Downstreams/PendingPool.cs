namespace Backpressure.Downstreams;

/// <summary>
/// Nodes that serve again. Anyone returns; only the holder of the gate's lock rents, so the compare-and-swap of a
/// rent cannot mistake a node that went and came back for one that stayed (there is no other taker).
/// </summary>
internal sealed class PendingPool
{
    /// <summary>More than this many idle nodes are left to the garbage collector.</summary>
    private const int MaxIdle = 1024;

    private PendingAdmission? _head;

    public PendingAdmission? TryRent()
    {
        PendingAdmission? head = Volatile.Read(ref _head);
        while (head is not null)
        {
            PendingAdmission? seen = Interlocked.CompareExchange(ref _head, head.PoolNext, head);
            if (seen == head)
            {
                head.PoolNext = null;
                return head;
            }

            head = seen;
        }

        return null;
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
