namespace Backpressure.Admission;

/// <summary>
/// What one who had to wait was charged with when its turn came, and what it has really taken: service time times cost, in
/// timestamp ticks. None: a request that never waited, which is charged with nothing, since it kept nobody waiting.
/// </summary>
/// <param name="Priority">Its lane.</param>
/// <param name="Hand">The queues that pay for it.</param>
/// <param name="Charged">With what, when its turn came.</param>
/// <param name="Taken">What it has really taken.</param>
/// <param name="ServedAt">When its turn came: accounts that are younger know nothing of it.</param>
internal readonly record struct ServiceCharge(Priority Priority, PartitionHand Hand, long Charged, long Taken, long ServedAt)
{
    public static ServiceCharge None => default;

    /// <summary>The charge of a waiter that was served.</summary>
    /// <param name="waiter">It.</param>
    /// <param name="heldTicks">For how long it held its units.</param>
    /// <param name="cost">How many.</param>
    public static ServiceCharge Of(Waiter waiter, long heldTicks, int cost) =>
        new(waiter.Priority, waiter.Hand, waiter.Charge, Math.Max(0, heldTicks) * cost, waiter.DecidedAt);
}
