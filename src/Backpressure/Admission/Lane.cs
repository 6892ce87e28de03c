namespace Backpressure.Admission;

/// <summary>
/// The waiters of one priority, fair between partitions: each stands in one of a fixed number of queues, and the queue that
/// has been served least goes first. Guarded by its gate's lock.
/// </summary>
/// <remarks>
/// Deficit round robin with a quantum so small that no round is seen: a queue's deficit is what <see cref="_fair"/> is ahead
/// of its account, and whoever has the largest goes next. In this form (start-time fair queueing: Goyal, Vin and Cheng, 1996)
/// a request may be charged with more than any quantum once it has ended and is known to have been slow, and nobody has to
/// count the rounds that it sits out.
/// A partition's service is charged to every queue of its hand, and its account is the least of them, which no other
/// partition has added to unless all of its queues are shared (a count-min sketch, as in Sharma et al., "Approximating fair
/// queueing", 2018). So it has one share however many of its queues it fills. What it has not used is not saved up, and all
/// is forgotten when nobody has waited for a second.
/// </remarks>
internal sealed partial class Lane
{
    /// <summary>All accounts are forgotten when nobody has waited for this long.</summary>
    private const double MemorySeconds = 1;

    private readonly long _ticksPerSecond;
    private readonly long _memoryTicks;
    private long _maxLead;
    private PartitionQueue[] _queues = new PartitionQueue[1];
    private QueueSet _active;

    // Those that others wait for: before all queues, oldest first, since each has passed a fair gate further up its chain.
    private WaiterList _nested;

    // Null while there is one queue.
    private ServiceOrder? _order;
    private long _fair;
    private long _emptiedAt;

    // Since when the accounts are kept that are in force.
    private long _keptSince = long.MinValue;

    public Lane(long ticksPerSecond)
    {
        _ticksPerSecond = ticksPerSecond;
        _memoryTicks = (long)(MemorySeconds * ticksPerSecond);
        Units = 1;
    }

    public int Count { get; private set; }

    public int SheddableCount { get; private set; }

    /// <summary>Those of the sheddable ones that others wait for already.</summary>
    public int NestedCount => _nested.Count;

    /// <summary>Service that it has saved up to go before the lanes above it, in ticks of service times cost.</summary>
    public double Credit { get; set; }

    /// <summary>What the last one is charged with who came to take a sheddable place.</summary>
    public long LastWork { get; set; }

    /// <summary>When somebody last came who may take a sheddable place; <see cref="long.MinValue"/>: never yet.</summary>
    public long LastArrival { get; set; } = long.MinValue;

    /// <summary>Since when somebody has been waiting here; meaningful while somebody does.</summary>
    public long StandingSince { get; private set; }

    /// <summary>How many are served before a newcomer of this hand, if nobody else comes.</summary>
    public double Ahead(PartitionHand hand, bool newestFirst, bool nested = false)
    {
        if (nested || _active.Count == 0)
        {
            return NestedCount;
        }

        if (_queues.Length == 1 && hand.IsNobodys)
        {
            return newestFirst ? NestedCount : Count;
        }

        // All whose start is due no later than its own: of a queue, as much as brings its account up to that.
        int own = QueueFor(hand);
        long account = own < _queues.Length ? Math.Max(_queues[own].Paid, _fair) : _fair;
        long start = newestFirst || own >= _queues.Length ? account : account + _queues[own].Owed;
        double ahead = NestedCount;
        for (int i = _active.Next(0); i >= 0; i = _active.Next(i + 1))
        {
            ref readonly PartitionQueue queue = ref _queues[i];
            if (queue.Paid <= start && !(newestFirst && i == own))
            {
                double share = queue.Owed == 0 ? 1 : Math.Min(1, (double)(start - queue.Paid) / queue.Owed);
                ahead += Math.Max(1, queue.Count * share);
            }
        }

        return ahead;
    }

    /// <summary>Puts one at the end of a queue.</summary>
    /// <returns>Whether <see cref="NextExpired"/> will find it when its time is over.</returns>
    public bool Add(Waiter waiter, long now)
    {
        if (Count == 0)
        {
            StandingSince = now;
            if (_order is not null && now - _emptiedAt > _memoryTicks)
            {
                Forget(now);
            }
        }

        if (!waiter.Hand.IsNobodys && _order is null)
        {
            Partition(now);
        }

        int index = QueueFor(waiter.Hand);
        waiter.Queue = (byte)index;
        if (IsAhead(waiter))
        {
            // It ends by the timing wheel.
            _nested.Append(waiter);
            SheddableCount++;
            Count++;
            Owe(waiter.Hand, waiter.Charge);
            return false;
        }

        ref PartitionQueue queue = ref _queues[index];
        if (queue.Count == 0)
        {
            _active.Add(index);
            queue.Paid = Math.Max(queue.Paid, _fair);
            _order?.Set(index, queue.Paid, waiter.Order);
        }

        bool isFound;
        if (waiter.Overflow == Overflow.Block)
        {
            isFound = queue.Blocked.Append(waiter);
        }
        else
        {
            isFound = queue.Sheddable.Append(waiter);
            SheddableCount++;
        }

        Count++;
        Owe(waiter.Hand, waiter.Charge);
        return isFound;
    }

    public void Remove(Waiter waiter, long now)
    {
        int index = waiter.Queue;
        ref PartitionQueue queue = ref _queues[index];
        if (waiter.Overflow == Overflow.Block)
        {
            queue.Blocked.Remove(waiter);
        }
        else
        {
            if (IsAhead(waiter))
            {
                _nested.Remove(waiter);
            }
            else
            {
                queue.Sheddable.Remove(waiter);
            }

            SheddableCount--;
        }

        Count--;
        Owe(waiter.Hand, -waiter.Charge);
        if (IsAhead(waiter))
        {
            // Nobody has left the queue, but its account may have been charged.
            if (queue.Count > 0)
            {
                _order?.Move(index, queue.Paid);
            }
        }
        else if (queue.Count == 0)
        {
            _active.Remove(index);
            _order?.Clear(index);
        }
        else if (_order is not null)
        {
            _order.Set(index, queue.Paid, queue.OldestOrder);
        }

        if (Count == 0)
        {
            _emptiedAt = now;
        }

        AssertInvariants();
    }

    /// <summary>Whose turn it is in this lane; it stays.</summary>
    public Waiter? Peek(bool newestFirst) => _nested.Oldest is { } nested ? nested : Count == 0 ? null : _queues[_order?.First ?? 0].Head(newestFirst);

    /// <summary>Removes one because its turn has come, charged with what it will probably take.</summary>
    public void Serve(Waiter waiter, long now)
    {
        if (_order is not null)
        {
            Charge(waiter, now);
        }

        Remove(waiter, now);
    }

    /// <summary>One whose time is over, of those who came in the order of their ends; it stays. Null: none.</summary>
    /// <param name="now">The time.</param>
    /// <param name="queue">Where to begin, and then where it stands.</param>
    /// <param name="firstEnd">Lowered to when the time of the first of those is over that were looked at in vain.</param>
    public Waiter? NextExpired(long now, ref int queue, ref long firstEnd)
    {
        for (queue = _active.Next(queue); queue >= 0; queue = _active.Next(queue + 1))
        {
            if (_queues[queue].Expired(now, ref firstEnd) is { } waiter)
            {
                return waiter;
            }
        }

        return null;
    }

    /// <summary>All waiters for which <paramref name="predicate"/> holds; they stay. O(n).</summary>
    public void FindAll(Func<Waiter, bool> predicate, List<Waiter> found)
    {
        for (int i = _active.Next(0); i >= 0; i = _active.Next(i + 1))
        {
            AddMatches(_queues[i].Blocked.Oldest);
            AddMatches(_queues[i].Sheddable.Oldest);
        }

        AddMatches(_nested.Oldest);

        void AddMatches(Waiter? first)
        {
            for (Waiter? waiter = first; waiter is not null; waiter = waiter.Next)
            {
                if (predicate(waiter))
                {
                    found.Add(waiter);
                }
            }
        }
    }

    private static bool IsAhead(Waiter waiter) => waiter.Nested && waiter.Overflow != Overflow.Block;

    // The least charged of its hand, what waits included; of those the shortest.
    private int QueueFor(PartitionHand hand)
    {
        int best = hand[0];
        if (hand.IsNobodys || _order is null)
        {
            return best;
        }

        for (int i = 1; i < PartitionHand.Size; i++)
        {
            int other = hand[i];
            long more = Due(other) - Due(best);
            if (more < 0 || (more == 0 && _queues[other].Count < _queues[best].Count))
            {
                best = other;
            }
        }

        return best;

        long Due(int index) => Math.Max(_queues[index].Paid, _fair) + _queues[index].Owed;
    }

    // Somebody's: from now there is a queue for each place of a hand.
    private void Partition(long now)
    {
        _keptSince = now;
        Array.Resize(ref _queues, PartitionHand.Queues);
        _order = new ServiceOrder();
        if (_queues[0].Head(newestFirst: false) is { } oldest)
        {
            _order.Set(0, _queues[0].Paid, oldest.Order);
        }
    }
}
