using System.Diagnostics;

namespace Backpressure.Admission;

/// <summary>A doubly linked list of waiters, oldest first. Guarded by its gate's lock.</summary>
internal struct WaiterList
{
    private long _latestEnd;

    public Waiter? Oldest { get; private set; }

    public Waiter? Newest { get; private set; }

    public int Count { get; private set; }

    /// <summary>The order of the oldest, which need not be looked at for it; meaningful while there is one.</summary>
    public long OldestOrder { get; private set; }

    /// <summary>Adds one at the end.</summary>
    /// <returns>
    /// Whether its time is over no sooner than that of any who stand before it (as for all of one policy that name no deadline):
    /// then it is enough to look at the oldest from time to time, and it needs no place in the timing wheel.
    /// </returns>
    public bool Append(Waiter waiter)
    {
        Debug.Assert(waiter.Next is null && waiter.Previous is null, "A waiter stands in one list at a time.");
        Waiter? newest = Newest;
        Newest = waiter;
        Count++;
        if (newest is null)
        {
            Oldest = waiter;
            OldestOrder = waiter.Order;
            _latestEnd = waiter.ExpiresAt;
            return true;
        }

        waiter.Previous = newest;
        newest.Next = waiter;
        newest.NextOrder = waiter.Order;
        if (waiter.ExpiresAt < _latestEnd)
        {
            return false;
        }

        _latestEnd = waiter.ExpiresAt;
        return true;
    }

    public void Remove(Waiter waiter)
    {
        Debug.Assert(Count > 0 && (waiter.Previous is not null || Oldest == waiter), "It must stand in this list.");
        Waiter? next = waiter.Next;
        if (Oldest == waiter)
        {
            // Whoever is next is not touched: it came long ago, and where many wait it is in no cache. So what the oldest has for its
            // previous means nothing.
            Oldest = next;
            OldestOrder = waiter.NextOrder;
            Newest = next is null ? null : Newest;
        }
        else
        {
            Waiter previous = waiter.Previous!;
            previous.Next = next;
            previous.NextOrder = waiter.NextOrder;
            if (next is null)
            {
                Newest = previous;
            }
            else
            {
                next.Previous = previous;
            }
        }

        waiter.Next = null;
        waiter.Previous = null;
        Count--;
    }
}
