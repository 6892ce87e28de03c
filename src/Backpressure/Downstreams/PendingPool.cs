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
    private int _idle;

    public PendingAdmission? TryRent()
    {
        PendingAdmission? head = Volatile.Read(ref _head);
        while (head is not null)
        {
            PendingAdmission? seen = Interlocked.CompareExchange(ref _head, head.PoolNext, head);
            if (seen == head)
            {
                head.PoolNext = null;
                Interlocked.Decrement(ref _idle);
                return head;
            }

            head = seen;
        }

        return null;
    }

    public void Return(PendingAdmission pending)
    {
        if (Interlocked.Increment(ref _idle) > MaxIdle)
        {
            Interlocked.Decrement(ref _idle);
            return;
        }

        PendingAdmission? head = Volatile.Read(ref _head);
        while (true)
        {
            pending.PoolNext = head;
            PendingAdmission? seen = Interlocked.CompareExchange(ref _head, pending, head);
            if (seen == head)
            {
                return;
            }

            head = seen;
        }
    }
}
