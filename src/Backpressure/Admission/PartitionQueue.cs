namespace Backpressure.Admission;

/// <summary>One of a lane's queues, and its account: of all partitions that may stand in it, wherever they do.</summary>
internal struct PartitionQueue
{
    /// <summary>Those that may be evicted.</summary>
    public WaiterList Sheddable;

    /// <summary>Of those, the ones that others wait for already: first in this queue, oldest first, and the last to be evicted.</summary>
    public WaiterList Nested;

    /// <summary>Those that may not.</summary>
    public WaiterList Blocked;

    /// <summary>Service charged so far, on the lane's scale of fair service.</summary>
    public long Paid;

    /// <summary>Service that those wait for who may stand here.</summary>
    public long Owed;

    /// <summary>The order of the oldest who stands here: it goes first where accounts are equal.</summary>
    public long Oldest;

    public readonly int Count => Sheddable.Count + Nested.Count + Blocked.Count;

    public readonly long FindOldest() => Head(newestFirst: false)?.Order ?? 0;

    /// <summary>Whoever is next of those who stand here.</summary>
    public readonly Waiter? Head(bool newestFirst)
    {
        if (Nested.Oldest is { } nested)
        {
            return nested;
        }

        Waiter? sheddable = newestFirst ? Sheddable.Newest : Sheddable.Oldest;
        Waiter? blocked = newestFirst ? Blocked.Newest : Blocked.Oldest;
        if (sheddable is null || blocked is null)
        {
            return sheddable ?? blocked;
        }

        return sheddable.Order > blocked.Order == newestFirst ? sheddable : blocked;
    }

    /// <summary>Whoever of those who may be evicted goes first.</summary>
    public readonly Waiter? Evictable(bool newestFirst) => (newestFirst ? Sheddable.Oldest : Sheddable.Newest) ?? Nested.Newest;
}
