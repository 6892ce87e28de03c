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

    /// <summary>Nobody is made to wait for more service than this that it had before the others.</summary>
    private const double MaxLeadSeconds = 60;

    private readonly long _memoryTicks;
    private readonly long _maxLead;
    private PartitionQueue[] _queues = new PartitionQueue[1];
    private QueueSet _active;
    private long _fair;
    private long _emptiedAt;
    private int _next = -1;

    public Lane(long ticksPerSecond)
    {
        _memoryTicks = (long)(MemorySeconds * ticksPerSecond);
        _maxLead = (long)(MaxLeadSeconds * ticksPerSecond);
    }

    public int Count { get; private set; }

    public int SheddableCount { get; private set; }

    /// <summary>Those of the sheddable ones that others wait for already.</summary>
    public int NestedCount { get; private set; }

    /// <summary>Turns that it has saved up towards the lanes above it.</summary>
    public double Turns { get; set; }

    /// <summary>When somebody last came who may take a sheddable place; <see cref="long.MinValue"/>: never yet.</summary>
    public long LastArrival { get; set; } = long.MinValue;

    /// <summary>Since when somebody has been waiting here; meaningful while somebody does.</summary>
    public long StandingSince { get; private set; }

    /// <summary>How many are served before a newcomer of this hand, if nobody else comes.</summary>
    public double Ahead(PartitionHand hand, bool newestFirst, bool nested = false)
    {
        if (_active.Count == 0)
        {
            return 0;
        }

        if (_queues.Length == 1 && hand.IsNobodys)
        {
            return nested || newestFirst ? NestedCount : Count;
        }

        // All whose start is due no later than its own: of a queue, as much as brings its account up to that.
        int own = QueueFor(hand);
        long account = own < _queues.Length ? Math.Max(_queues[own].Paid, _fair) : _fair;
        long start = newestFirst || own >= _queues.Length ? account : account + _queues[own].Owed;
        double ahead = 0;
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

    public void Add(Waiter waiter, long now)
    {
        if (Count == 0)
        {
            StandingSince = now;
            if (_queues.Length > 1 && now - _emptiedAt > _memoryTicks)
            {
                Forget();
            }
        }

        if (!waiter.Hand.IsNobodys && _queues.Length == 1)
        {
            Array.Resize(ref _queues, PartitionHand.Queues);
        }

        int index = QueueFor(waiter.Hand);
        waiter.Queue = (byte)index;
        ref PartitionQueue queue = ref _queues[index];
        if (queue.Count == 0)
        {
            _active.Add(index);
            queue.Paid = Math.Max(queue.Paid, _fair);
            queue.Oldest = waiter.Order;
            _next = -1;
        }

        if (waiter.Arrival.Overflow == Overflow.Block)
        {
            queue.Blocked.Append(waiter);
        }
        else
        {
            (waiter.Arrival.Nested ? ref queue.Nested : ref queue.Sheddable).Append(waiter);
            SheddableCount++;
            NestedCount += waiter.Arrival.Nested ? 1 : 0;
        }

        Count++;
        Owe(waiter.Hand, waiter.Charge);
    }

    public void Remove(Waiter waiter, long now)
    {
        ref PartitionQueue queue = ref _queues[waiter.Queue];
        if (waiter.Arrival.Overflow == Overflow.Block)
        {
            queue.Blocked.Remove(waiter);
        }
        else
        {
            (waiter.Arrival.Nested ? ref queue.Nested : ref queue.Sheddable).Remove(waiter);
            SheddableCount--;
            NestedCount -= waiter.Arrival.Nested ? 1 : 0;
        }

        Count--;
        Owe(waiter.Hand, -waiter.Charge);
        if (queue.Count == 0)
        {
            _active.Remove(waiter.Queue);
            _next = -1;
        }
        else if (waiter.Order == queue.Oldest)
        {
            queue.Oldest = queue.FindOldest();
            _next = -1;
        }

        if (Count == 0)
        {
            Turns = 0;
            _emptiedAt = now;
        }

        AssertInvariants();
    }

    /// <summary>Whose turn it is in this lane; it stays.</summary>
    public Waiter? Peek(bool newestFirst) => Count == 0 ? null : _queues[NextQueue()].Head(newestFirst);

    /// <summary>Removes one because its turn has come, charged with what it will probably take.</summary>
    public void Serve(Waiter waiter, long now)
    {
        if (_queues.Length > 1)
        {
            if (_fair > long.MaxValue / 2)
            {
                Forget();
            }

            _fair = Math.Max(_fair, _queues[waiter.Queue].Paid);
            for (int i = 0; i < waiter.Hand.Count; i++)
            {
                ref long paid = ref _queues[waiter.Hand[i]].Paid;
                paid = Math.Min(Math.Max(paid, _fair) + waiter.Charge, _fair + _maxLead);
            }

            _next = -1;
        }

        Remove(waiter, now);
    }

    /// <summary>Puts right what a served one was charged with.</summary>
    public void Correct(in ServiceCharge charge)
    {
        long more = charge.Taken - charge.Charged;
        if (more == 0 || _queues.Length == 1)
        {
            return;
        }

        for (int i = 0; i < charge.Hand.Count; i++)
        {
            ref long paid = ref _queues[charge.Hand[i]].Paid;
            paid = Math.Clamp(paid + more, _fair - _maxLead, _fair + _maxLead);
        }

        _next = -1;
    }

    /// <summary>All waiters for which <paramref name="predicate"/> holds; they stay. O(n).</summary>
    public void FindAll(Func<Waiter, bool> predicate, List<Waiter> found)
    {
        for (int i = _active.Next(0); i >= 0; i = _active.Next(i + 1))
        {
            AddMatches(_queues[i].Blocked.Oldest);
            AddMatches(_queues[i].Sheddable.Oldest);
            AddMatches(_queues[i].Nested.Oldest);
        }

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

    // The least charged of its hand, what waits included; of those the shortest.
    private int QueueFor(PartitionHand hand)
    {
        int best = hand[0];
        if (_queues.Length == 1 || hand.IsNobodys)
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

    private int NextQueue()
    {
        int best = _active.Next(0);
        if (_active.Count == 1)
        {
            return best;
        }

        if (_next >= 0)
        {
            return _next;
        }

        for (int i = _active.Next(best + 1); i >= 0; i = _active.Next(i + 1))
        {
            ref readonly PartitionQueue one = ref _queues[i];
            ref readonly PartitionQueue other = ref _queues[best];
            if (one.Paid < other.Paid || (one.Paid == other.Paid && one.Oldest < other.Oldest))
            {
                best = i;
            }
        }

        return _next = best;
    }

    private void Owe(PartitionHand hand, long work)
    {
        for (int i = 0; i < hand.Count; i++)
        {
            _queues[hand[i]].Owed += work;
        }
    }

    private void Forget()
    {
        _fair = 0;
        foreach (ref PartitionQueue queue in _queues.AsSpan())
        {
            queue.Paid = 0;
        }

        _next = -1;
    }
}
