using System.Diagnostics;
using Backpressure.Configuration;

namespace Backpressure.Admission;

/// <summary>
/// Who waits at a gate: a lane per priority, each holding those that may be evicted (<see cref="Overflow.Shed"/>)
/// apart from those that may not (<see cref="Overflow.Block"/>). Add, take, remove and evict are O(1). Guarded by its
/// gate's lock.
/// </summary>
/// <remarks>
/// Every service gives each lower lane that waits <c>MinShare</c> of a turn; a lane with a whole turn saved up goes
/// first. So each gets exactly its share while all are backlogged, and higher lanes lose nothing to an empty one.
/// </remarks>
internal sealed class WaitQueue
{
    /// <summary>A lane that nobody has come to for this long keeps no places free.</summary>
    private const double ReserveSeconds = 10;

    private readonly Lane[] _lanes = new Lane[Priorities.Count];
    private readonly long _reserveTicks;
    private QueueSettings _settings;
    private long _order;

    public WaitQueue(QueueSettings settings, long ticksPerSecond)
    {
        _settings = settings;
        _reserveTicks = (long)(ReserveSeconds * ticksPerSecond);
        foreach (ref Lane lane in _lanes.AsSpan())
        {
            lane.LastArrival = long.MinValue;
        }
    }

    public QueueSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    /// <summary>All that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that may be evicted.</summary>
    public int SheddableCount { get; private set; }

    public int BlockedCount => Count - SheddableCount;

    public int CountOf(Priority priority) => _lanes[(int)priority].Count;

    /// <summary>How many are served before a newcomer of this priority, if nobody else comes.</summary>
    public int Ahead(Priority priority)
    {
        int ahead = AheadInLane(priority);
        for (int i = 0; i < (int)priority; i++)
        {
            ahead += _lanes[i].Count;
        }

        return ahead;
    }

    /// <summary>How many of its own priority are served before a newcomer.</summary>
    public int AheadInLane(Priority priority) =>
        _settings.ProcessingOrder == ProcessingOrder.NewestFirst ? 0 : _lanes[(int)priority].Count;

    /// <summary>Notes that somebody of this priority came who may take a sheddable place, so that its own are kept for a while.</summary>
    public void NoteArrival(Priority priority, long now) => _lanes[(int)priority].LastArrival = now;

    /// <summary>Whether a sheddable newcomer has a place, its own priority's kept ones included.</summary>
    public bool HasRoom(Priority priority, int capacity, long now)
    {
        int kept = 0;
        int share = ShareOf(capacity);
        for (int i = (int)priority + 1; i < _lanes.Length; i++)
        {
            ref Lane lane = ref _lanes[i];
            if (lane.LastArrival != long.MinValue && now - lane.LastArrival < _reserveTicks)
            {
                kept += Math.Max(0, share - lane.Sheddable.Count);
            }
        }

        return SheddableCount + kept < capacity;
    }

    /// <summary>Who goes for a newcomer of this priority when there is no room; null: nobody may be evicted.</summary>
    public Waiter? FindEvictable(Priority newcomer, int capacity)
    {
        int share = ShareOf(capacity);
        for (int i = _lanes.Length - 1; i > (int)newcomer; i--)
        {
            ref WaiterList sheddable = ref _lanes[i].Sheddable;
            if (sheddable.Count > share)
            {
                return _settings.ProcessingOrder == ProcessingOrder.NewestFirst ? sheddable.Oldest : sheddable.Newest;
            }
        }

        return null;
    }

    public void Add(Waiter waiter)
    {
        waiter.Order = ++_order;
        ref Lane lane = ref _lanes[(int)waiter.Arrival.Priority];
        if (waiter.Arrival.Overflow == Overflow.Block)
        {
            lane.Blocked.Append(waiter);
        }
        else
        {
            lane.Sheddable.Append(waiter);
            SheddableCount++;
        }

        Count++;
    }

    public void Remove(Waiter waiter)
    {
        ref Lane lane = ref _lanes[(int)waiter.Arrival.Priority];
        if (waiter.Arrival.Overflow == Overflow.Block)
        {
            lane.Blocked.Remove(waiter);
        }
        else
        {
            lane.Sheddable.Remove(waiter);
            SheddableCount--;
        }

        Count--;
        if (lane.Count == 0)
        {
            lane.Turns = 0;
        }

        Debug.Assert(Count >= 0 && SheddableCount >= 0 && SheddableCount <= Count, "Counts follow the lanes.");
    }

    /// <summary>Whose turn it is; it stays in the queue.</summary>
    public Waiter? Peek()
    {
        int lane = TurnOf();
        return lane < 0 ? null : _lanes[lane].Head(_settings.ProcessingOrder);
    }

    /// <summary>Removes the waiter whose turn it was because it is served, and hands out the shares of that turn.</summary>
    public void Serve(Waiter waiter)
    {
        int served = (int)waiter.Arrival.Priority;
        int top = Top();
        for (int i = top + 1; i < _lanes.Length; i++)
        {
            ref Lane lane = ref _lanes[i];
            if (lane.Count > 0)
            {
                lane.Turns += _settings.MinShare;
            }
        }

        if (served > top)
        {
            _lanes[served].Turns -= 1;
        }

        Remove(waiter);
    }

    /// <summary>All waiters for which <paramref name="predicate"/> holds; they stay. O(n): for reloads and shutdown only.</summary>
    public List<Waiter> FindAll(Func<Waiter, bool> predicate)
    {
        var found = new List<Waiter>();
        foreach (ref Lane lane in _lanes.AsSpan())
        {
            AddMatches(lane.Blocked.Oldest);
            AddMatches(lane.Sheddable.Oldest);
        }

        return found;

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

    // Places that each lower priority keeps: at least one where any share is wanted and there is room for it, but never
    // so many that the highest would have none of a small queue.
    private int ShareOf(int capacity) =>
        Math.Min((int)Math.Ceiling(capacity * _settings.MinShare), (capacity - 1) / (Priorities.Count - 1));

    private int Top()
    {
        for (int i = 0; i < _lanes.Length; i++)
        {
            if (_lanes[i].Count > 0)
            {
                return i;
            }
        }

        return -1;
    }

    private int TurnOf()
    {
        int top = Top();
        if (top < 0)
        {
            return -1;
        }

        for (int i = top + 1; i < _lanes.Length; i++)
        {
            if (_lanes[i].Count > 0 && _lanes[i].Turns >= 1)
            {
                return i;
            }
        }

        return top;
    }

    private struct Lane
    {
        public WaiterList Sheddable;
        public WaiterList Blocked;
        public double Turns;
        public long LastArrival;

        public readonly int Count => Sheddable.Count + Blocked.Count;

        public readonly Waiter? Head(ProcessingOrder order)
        {
            Waiter? sheddable = order == ProcessingOrder.NewestFirst ? Sheddable.Newest : Sheddable.Oldest;
            Waiter? blocked = order == ProcessingOrder.NewestFirst ? Blocked.Newest : Blocked.Oldest;
            if (sheddable is null || blocked is null)
            {
                return sheddable ?? blocked;
            }

            bool sheddableFirst = order == ProcessingOrder.NewestFirst
                ? sheddable.Order > blocked.Order
                : sheddable.Order < blocked.Order;
            return sheddableFirst ? sheddable : blocked;
        }
    }
}
