namespace Backpressure.Admission;

/// <summary>
/// One request in a gate's queue: an intrusive node, so that waiting costs no further memory. Everything but what its
/// arrival said is guarded by the gate's lock.
/// </summary>
internal abstract class Waiter
{
    internal const int NoSlot = -1;

    private byte _priority;
    private byte _overflow;
    private byte _state;

    // Nobody stands in a slot of the wheel and in a list of those that are decided at once.
    private Waiter? _after;

    /// <summary>What it asked for. Its longest wait is what its deadline leaves of it.</summary>
    public Arrival Arrival => new()
    {
        Priority = Priority,
        Overflow = Overflow,
        Cost = Cost,
        MaxWait = ExpiresAt == Arrival.Never ? Arrival.Never : ExpiresAt - EnqueuedAt,
        Deadline = Deadline,
        UsualService = UsualService,
        Policy = Policy,
        Partition = Partition,
        Cohort = Cohort,
        Nested = Nested,
    };

    public long EnqueuedAt { get; private set; }

    /// <summary>When the decision fell; meaningful once decided.</summary>
    public long DecidedAt { get; private set; }

    /// <summary>The decision; meaningful once decided.</summary>
    public WaiterState State => (WaiterState)_state;

    /// <summary>Why it was refused, and when to come back.</summary>
    public Refusal Refusal { get; private set; }

    // What it asked for, one by one: as a whole it would be read in larger pieces than it was written in, which stalls.
    internal Priority Priority => (Priority)_priority;

    internal Overflow Overflow => (Overflow)_overflow;

    internal byte Cohort { get; private set; }

    internal bool Nested { get; private set; }

    internal int Cost { get; private set; }

    internal long Deadline { get; private set; }

    internal long UsualService { get; private set; }

    internal ulong Partition { get; private set; }

    internal string Policy { get; private set; } = string.Empty;

    // Links within its lane, and its place in time there.
    internal Waiter? Next { get; set; }

    internal Waiter? Previous { get; set; }

    internal long Order { get; set; }

    /// <summary>The order of <see cref="Next"/>, if there is one.</summary>
    internal long NextOrder { get; set; }

    /// <summary>Whether nobody waited when it came.</summary>
    internal bool IsFirst { get; set; }

    /// <summary>The queue of its lane that it stands in.</summary>
    internal byte Queue { get; set; }

    /// <summary>The queues that it might stand in, which pay for it.</summary>
    internal PartitionHand Hand { get; private set; }

    /// <summary>What it will probably take, in timestamp ticks times cost; it is charged with this when it is served.</summary>
    internal long Charge { get; private set; }

    // Links within its slot of the timing wheel, if it is in one.
    internal Waiter? WheelNext
    {
        get => _after;
        set => _after = value;
    }

    internal Waiter? WheelPrevious { get; set; }

    internal int WheelSlot { get; set; } = NoSlot;

    internal long ExpiresAt { get; private set; }

    /// <summary>Link in a list of waiters that are decided and still to be told.</summary>
    internal Waiter? DecidedNext
    {
        get => _after;
        set => _after = value;
    }

    /// <summary>Tells it what was decided: called once, outside every lock.</summary>
    public abstract void OnDecided();

    /// <summary>Whether it could still be served by its deadline if it started now.</summary>
    internal bool IsInTime(long now) => Deadline == Arrival.Never || now + UsualService <= Deadline;

    internal void Begin(in Arrival arrival, PartitionHand hand, long charge, long now)
    {
        _priority = (byte)arrival.Priority;
        _overflow = (byte)arrival.Overflow;
        _state = (byte)WaiterState.Queued;
        Cohort = arrival.Cohort;
        Nested = arrival.Nested;
        Cost = arrival.Cost;
        Deadline = arrival.Deadline;
        UsualService = arrival.UsualService;
        Partition = arrival.Partition;
        if (!ReferenceEquals(Policy, arrival.Policy))
        {
            Policy = arrival.Policy;
        }

        Hand = hand;
        Charge = charge;
        EnqueuedAt = now;
        ExpiresAt = Math.Min(arrival.WaitsUntil(now), arrival.Deadline);
    }

    internal void Decide(WaiterState state, Refusal refusal, long now)
    {
        _state = (byte)state;
        Refusal = refusal;
        DecidedAt = now;
    }
}

internal enum WaiterState
{
    Idle,
    Queued,

    /// <summary>Admitted, holding its units.</summary>
    Admitted,

    /// <summary>Let through without units: the gate no longer enforces.</summary>
    Released,

    Refused,
}
