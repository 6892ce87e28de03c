namespace Backpressure;

/// <summary>The small parts of an <see cref="AdmissionLease"/> in one word. All zero: admitted, holding nothing.</summary>
internal struct LeaseBits
{
    private const int RetryShift = 16;
    private const int HoldsShift = 32;
    private const int DecisionShift = 42;
    private const int ReasonShift = 46;
    private const int PriorityShift = 51;
    private const int WeightShift = 53;

    private ulong _word;

    public LeaseBits(Priority priority, int cost, LeaseHolds holds, int weight) =>
        _word = (uint)cost | ((ulong)priority << PriorityShift) | ((ulong)holds << HoldsShift) | ((ulong)(uint)weight << WeightShift);

    /// <summary>Units of the limit that it takes, 1 to 1000.</summary>
    public int Cost
    {
        readonly get => (int)Get(0, RetryShift);
        set => Set(0, RetryShift, (uint)value);
    }

    public int RetryAfterSeconds
    {
        readonly get => (int)Get(RetryShift, HoldsShift);
        set => Set(RetryShift, HoldsShift, (uint)Math.Clamp(value, 0, short.MaxValue));
    }

    public LeaseHolds Holds
    {
        readonly get => (LeaseHolds)Get(HoldsShift, DecisionShift);
        set => Set(HoldsShift, DecisionShift, (ushort)value);
    }

    public AdmissionDecision Decision
    {
        readonly get => (AdmissionDecision)Get(DecisionShift, ReasonShift);
        set => Set(DecisionShift, ReasonShift, (uint)value);
    }

    public RejectionReason Reason
    {
        readonly get => (RejectionReason)Get(ReasonShift, PriorityShift);
        set => Set(ReasonShift, PriorityShift, (uint)value);
    }

    public readonly Priority Priority => (Priority)Get(PriorityShift, WeightShift);

    /// <summary>How many requests it stands for in what the limit learns from; 0: it is not measured for it.</summary>
    public int Weight
    {
        readonly get => (int)Get(WeightShift, 64);
        set => Set(WeightShift, 64, (uint)value);
    }

    private readonly ulong Get(int from, int end) => (_word << (64 - end)) >> (64 - end + from);

    private void Set(int from, int end, ulong value)
    {
        ulong mask = (ulong.MaxValue >> (64 - (end - from))) << from;
        _word = (_word & ~mask) | (value << from);
    }
}

/// <summary>What a lease holds and gives back.</summary>
[Flags]
internal enum LeaseHolds : ushort
{
    Nothing = 0,
    Slot = 1,
    ShadowSlot = 2,
    Ceiling = 4,
    LongLived = 8,
    Exempt = 16,
    FailedOpen = 32,
    Observed = 64,
    Completed = 128,

    /// <summary>Nobody wants to know how long it takes, so it has no times.</summary>
    Untimed = 256,
}
