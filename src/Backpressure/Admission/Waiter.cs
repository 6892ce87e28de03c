namespace Backpressure.Admission;

/// <summary>
/// One request in a gate's queue: an intrusive node, so that waiting costs no further memory. Everything but what its
/// arrival said is guarded by the gate's lock.
/// </summary>
internal abstract class Waiter
{
    /// <summary>What it asked for.</summary>
    public Arrival Arrival { get; private set; }

    public long EnqueuedAt { get; private set; }

    /// <summary>When the decision fell; meaningful once decided.</summary>
    public long DecidedAt { get; private set; }

    /// <summary>The decision; meaningful once decided.</summary>
    public WaiterState State { get; private set; }

    /// <summary>Why it was refused, and when to come back.</summary>
    public Refusal Refusal { get; private set; }

    // Links within its lane, and its place in time there.
    internal Waiter? Next { get; set; }

    internal Waiter? Previous { get; set; }

    internal long Order { get; set; }

    /// <summary>The queue of its lane that it stands in.</summary>
    internal byte Queue { get; set; }

    /// <summary>The queues that it might stand in, which pay for it.</summary>
    internal PartitionHand Hand { get; private set; }

    /// <summary>What it will probably take, in timestamp ticks times cost; it is charged with this when it is served.</summary>
    internal long Charge { get; private set; }

    // Links within its slot of the timing wheel.
    internal Waiter? WheelNext { get; set; }

    internal Waiter? WheelPrevious { get; set; }

    internal int WheelSlot { get; set; }

    internal long ExpiresAt { get; private set; }

    /// <summary>Link in a list of waiters that are decided and still to be told.</summary>
    internal Waiter? DecidedNext { get; set; }

    /// <summary>Tells it what was decided: called once, outside every lock.</summary>
    public abstract void OnDecided();

    internal void Begin(in Arrival arrival, PartitionHand hand, long charge, long now)
    {
        Arrival = arrival;
        Hand = hand;
        Charge = charge;
        EnqueuedAt = now;
        ExpiresAt = Math.Min(arrival.WaitsUntil(now), arrival.Deadline);
        State = WaiterState.Queued;
        Refusal = default;
    }

    internal void Decide(WaiterState state, Refusal refusal, long now)
    {
        State = state;
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
