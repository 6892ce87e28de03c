namespace Backpressure.Admission;

/// <summary>One of a lane's queues, and its account: of all partitions that may stand in it, wherever they do.</summary>
internal struct PartitionQueue
{
    /// <summary>Those that may be evicted.</summary>
    public WaiterList Sheddable;

    /// <summary>Those that may not.</summary>
    public WaiterList Blocked;

    /// <summary>Service charged so far, on the lane's scale of fair service.</summary>
    public long Paid;

    /// <summary>Service that those wait for who may stand here.</summary>
    public long Owed;

    public readonly int Count => Sheddable.Count + Blocked.Count;

    /// <summary>The order of the oldest of those who stand here; meaningful while somebody does.</summary>
    public readonly long OldestOrder => Sheddable.Count == 0 ? Blocked.OldestOrder
        : Blocked.Count == 0 ? Sheddable.OldestOrder
        : Math.Min(Sheddable.OldestOrder, Blocked.OldestOrder);

    /// <summary>Whoever is next of those who stand here.</summary>
    public readonly Waiter? Head(bool newestFirst)
    {
        Waiter? sheddable = newestFirst ? Sheddable.Newest : Sheddable.Oldest;
        Waiter? blocked = newestFirst ? Blocked.Newest : Blocked.Oldest;
        if (sheddable is null || blocked is null)
        {
            return sheddable ?? blocked;
        }

        return sheddable.Order > blocked.Order == newestFirst ? sheddable : blocked;
    }

    /// <summary>Whoever is at the end of its time: the oldest of those who come in the order of their ends.</summary>
    /// <param name="now">The time.</param>
    /// <param name="firstEnd">Lowered to when the time of the first of them is over, if there is none.</param>
    public readonly Waiter? Expired(long now, ref long firstEnd)
    {
        if (Sheddable.Oldest is { } sheddable)
        {
            if (sheddable.ExpiresAt <= now)
            {
                return sheddable;
            }

            firstEnd = Math.Min(firstEnd, sheddable.ExpiresAt);
        }

        if (Blocked.Oldest is { } blocked)
        {
            if (blocked.ExpiresAt <= now)
            {
                return blocked;
            }

            firstEnd = Math.Min(firstEnd, blocked.ExpiresAt);
        }

        return null;
    }

    /// <summary>Whoever of those who may be evicted goes first.</summary>
    public readonly Waiter? Evictable(bool newestFirst) => newestFirst ? Sheddable.Oldest : Sheddable.Newest;
}
