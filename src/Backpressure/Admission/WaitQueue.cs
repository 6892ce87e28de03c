using System.Diagnostics;
using System.Numerics;
using Backpressure.Configuration;

namespace Backpressure.Admission;

/// <summary>
/// Who waits at a gate: a <see cref="Lane"/> per priority. Add, take, remove and evict are O(1): they look at no more than a
/// lane's fixed number of queues, and at one where nobody says whose a request is. Guarded by its gate's lock.
/// </summary>
internal sealed partial class WaitQueue
{
    /// <summary>A lane that nobody has come to for this long keeps no places free, and saves nothing.</summary>
    private const double ReserveSeconds = 10;

    /// <summary>
    /// A lane in which somebody has been waiting for longer than this stands: what comes in goes out no faster. Source: CoDel's
    /// interval (RFC 8289), as Facebook's adaptive LIFO uses it (Maurer, "Fail at scale", 2015).
    /// </summary>
    private const double StandingSeconds = 0.1;

    private readonly Lane[] _lanes = new Lane[Priorities.Count];
    private readonly long _reserveTicks;
    private readonly long _standingTicks;
    private readonly long _mostHeldTicks;
    private QueueSettings _settings;
    private long _order;

    // A bit for each lane in which somebody waits.
    private uint _occupied;

    // Who may be too late before their time is over.
    private int _withDeadline;

    // The time of none who came in the order of their ends is over before this.
    private long _firstEnd = Arrival.Never;

    public WaitQueue(QueueSettings settings, long ticksPerSecond)
    {
        _settings = settings;
        _reserveTicks = (long)(ReserveSeconds * ticksPerSecond);
        _standingTicks = (long)(StandingSeconds * ticksPerSecond);
        _mostHeldTicks = (long)(MostHeldSeconds * ticksPerSecond);
        for (int i = 0; i < _lanes.Length; i++)
        {
            _lanes[i] = new Lane(ticksPerSecond);
        }
    }

    public QueueSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    /// <summary>How many units the gate has.</summary>
    public int Units
    {
        set
        {
            foreach (Lane lane in _lanes)
            {
                lane.Units = value;
            }
        }
    }

    /// <summary>All that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that may be evicted.</summary>
    public int SheddableCount { get; private set; }

    public int BlockedCount => Count - SheddableCount;

    public int CountOf(Priority priority) => _lanes[(int)priority].Count;

    /// <summary>How many stand at this priority and above.</summary>
    public int CountDownTo(Priority priority)
    {
        int count = 0;
        for (int i = 0; i <= (int)priority; i++)
        {
            count += _lanes[i].Count;
        }

        return count;
    }

    /// <summary>How many of its own priority are served before a newcomer of this hand, if nobody else comes.</summary>
    public double AheadInLane(Priority priority, PartitionHand hand, long now, bool nested = false)
    {
        Lane lane = _lanes[(int)priority];
        return lane.Ahead(hand, IsNewestFirst(lane, now), nested);
    }

    /// <summary>Whether a sheddable newcomer has a place, its own priority's kept ones included.</summary>
    public bool HasRoom(Priority priority, int capacity, long now)
    {
        int kept = 0;
        int share = ShareOf(capacity);
        for (int i = (int)priority + 1; i < _lanes.Length; i++)
        {
            Lane lane = _lanes[i];
            if (IsVisited(lane, now))
            {
                kept += Math.Max(0, share - lane.SheddableCount);
            }
        }

        return SheddableCount + kept < capacity;
    }

    /// <summary>
    /// Who goes for a newcomer when there is no room: one of the lowest priority below its own that has more than its share of
    /// places, or else one of its own priority with a better claim to go. Null: nobody, the newcomer has to.
    /// </summary>
    public Waiter? FindEvictable(Priority priority, in Newcomer newcomer, int capacity, long now)
    {
        int share = ShareOf(capacity);
        for (int i = _lanes.Length - 1; i > (int)priority; i--)
        {
            Lane lane = _lanes[i];
            if (lane.SheddableCount > share)
            {
                return lane.FindVictim(null, IsNewestFirst(lane, now));
            }
        }

        Lane own = _lanes[(int)priority];
        bool outranks = newcomer.Nested && own.SheddableCount > own.NestedCount;
        return own.FindVictim(outranks ? null : newcomer, IsNewestFirst(own, now));
    }

    /// <summary>Puts one at the end of its queue.</summary>
    /// <returns>Whether it comes in the order of ends, so that <see cref="TakeExpired"/> finds it when its time is over.</returns>
    public bool Add(Waiter waiter, long now)
    {
        waiter.Order = ++_order;
        int priority = (int)waiter.Priority;
        bool isFound = _lanes[priority].Add(waiter, now);
        _occupied |= 1u << priority;
        _firstEnd = Math.Min(_firstEnd, waiter.ExpiresAt);
        _withDeadline += waiter.Deadline == Arrival.Never ? 0 : 1;
        SheddableCount += waiter.Overflow == Overflow.Block ? 0 : 1;
        Count++;
        return isFound;
    }

    public void Remove(Waiter waiter, long now)
    {
        _lanes[(int)waiter.Priority].Remove(waiter, now);
        CountOut(waiter, now);
    }

    /// <summary>Whether nobody's time is over, of those who came in the order of their ends, and no work would come too late.</summary>
    public bool AllInTime(long now) => now < _firstEnd && _withDeadline == 0;

    /// <summary>
    /// Removes all whose time is over, of those who came in the order of their ends: it looks at the oldest of each queue, and
    /// not even at them before it may be the time of one.
    /// </summary>
    public void TakeExpired(long now, List<Waiter> expired)
    {
        if (now < _firstEnd)
        {
            return;
        }

        long firstEnd = Arrival.Never;
        foreach (Lane lane in _lanes)
        {
            int queue = 0;
            while (queue >= 0)
            {
                if (lane.NextExpired(now, ref queue, ref firstEnd) is { } waiter)
                {
                    Remove(waiter, now);
                    expired.Add(waiter);
                }
            }
        }

        _firstEnd = firstEnd;
    }

    /// <summary>Whose turn it is; it stays in the queue.</summary>
    public Waiter? Peek(long now)
    {
        if (_occupied == 0)
        {
            return null;
        }

        return HeadOf(_lanes[TurnOf(now)], now);
    }

    /// <summary>Removes the waiter whose turn it was because it is served, and hands out the shares of that turn.</summary>
    public void Serve(Waiter waiter, long now)
    {
        int served = (int)waiter.Priority;
        uint highest = _occupied & (~_occupied + 1);
        uint below = (_occupied | _visited) & ~(highest | (highest - 1));
        if (below != 0)
        {
            ShareTurn(below, waiter, now);
        }

        _heldFor = _heldFor == served ? NoLane : _heldFor;
        _lanes[served].Serve(waiter, now);
        CountOut(waiter, now);
    }

    /// <summary>Puts right what a served one was charged with.</summary>
    public void Correct(in ServiceCharge charge) => _lanes[(int)charge.Priority].Correct(charge);

    /// <summary>All waiters for which <paramref name="predicate"/> holds; they stay. O(n): for reloads and shutdown only.</summary>
    public List<Waiter> FindAll(Func<Waiter, bool> predicate)
    {
        var found = new List<Waiter>();
        foreach (Lane lane in _lanes)
        {
            lane.FindAll(predicate, found);
        }

        return found;
    }

    private void CountOut(Waiter waiter, long now)
    {
        int priority = (int)waiter.Priority;
        Lane lane = _lanes[priority];
        if (lane.Count == 0)
        {
            _occupied &= ~(1u << priority);
            lane.Credit = IsVisited(lane, now) ? Math.Min(lane.Credit, lane.LastWork) : 0;
            _heldFor = _heldFor == priority ? NoLane : _heldFor;
        }

        SheddableCount -= waiter.Overflow == Overflow.Block ? 0 : 1;
        _withDeadline -= waiter.Deadline == Arrival.Never ? 0 : 1;
        Count--;
        AssertInvariants();
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        int count = 0;
        int sheddable = 0;
        foreach (Lane lane in _lanes)
        {
            count += lane.Count;
            sheddable += lane.SheddableCount;
        }

        Debug.Assert((Count, SheddableCount) == (count, sheddable), "Counts follow the lanes.");
    }

    private Waiter? HeadOf(Lane lane, long now) => lane.Peek(IsNewestFirst(lane, now));

    private bool IsNewestFirst(Lane lane, long now) =>
        _settings.ProcessingOrder == ProcessingOrder.NewestFirstUnderOverload
        && lane.Count > 0
        && now - lane.StandingSince > _standingTicks;

    // Places that each lower priority keeps: at least one where any share is wanted and there is room for it, but never
    // so many that the highest would have none of a small queue.
    private int ShareOf(int capacity) =>
        Math.Min((int)Math.Ceiling(capacity * _settings.MinShare), (capacity - 1) / (Priorities.Count - 1));
}
