using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <content>Why somebody may not wait.</content>
internal sealed partial class Gate
{
    /// <summary>What a request of an unknown route is taken to need, until it has been measured.</summary>
    private const double UnknownServiceSeconds = 0.05;

    /// <summary>No single request is charged in advance with more than this.</summary>
    private const double MaxWorkSeconds = 10;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private RejectionReason FindReasonToRefuseLocked(in Arrival arrival, PartitionHand hand, long work, long now, out Waiter? victim)
    {
        victim = null;
        if (_closed)
        {
            return RejectionReason.ShuttingDown;
        }

        if (arrival.Deadline <= now)
        {
            return RejectionReason.DeadlineExceeded;
        }

        switch (arrival.Overflow)
        {
            case Overflow.Reject:
                return RejectionReason.LimitReached;
            case Overflow.Block:
                return _queue.BlockedCount >= _queue.Settings.BlockCapacity
                    ? RejectionReason.BlockCapacityReached
                    : RejectionReason.None;
            default:
                int capacity = _queue.Settings.CapacityAt(Nominal);
                if (capacity == 0)
                {
                    return RejectionReason.QueueFull;
                }

                RejectionReason reason = FindInfeasibleLocked(arrival, hand, work, now);
                if (reason == RejectionReason.None && !_queue.HasRoom(arrival.Priority, capacity, now))
                {
                    victim = _queue.FindEvictable(arrival.Priority, new Newcomer(hand, work, arrival.Cohort, arrival.Nested), capacity, now);
                    reason = victim is null ? RejectionReason.QueueFull : RejectionReason.None;
                }

                return reason;
        }
    }

    // Work that cannot start in time is refused early, while its caller can still do something else.
    private RejectionReason FindInfeasibleLocked(in Arrival arrival, PartitionHand hand, long work, long now)
    {
        double drain = NominalDrainLocked();
        if (drain <= 0)
        {
            return RejectionReason.None;
        }

        // With nobody before it, it is the next to go. How soon, it finds out by waiting: the rate may be that of a time when the
        // downstream stood still, and as long as nobody waits nobody learns better.
        if (_queue.CountDownTo(arrival.Priority) == 0)
        {
            return arrival.IsInTime(now) ? RejectionReason.None : RejectionReason.DeadlineExceeded;
        }

        // If it could be last of its lane and still in time, nobody need look at all the queues there.
        RejectionReason last = FindInfeasible(arrival, _queue.CountOf(arrival.Priority), work, drain, now);
        return last == RejectionReason.None ? last
            : FindInfeasible(arrival, _queue.AheadInLane(arrival.Priority, hand, now, arrival.Nested), work, drain, now);
    }

    private RejectionReason FindInfeasible(in Arrival arrival, double aheadInLane, long work, double drain, long now)
    {
        double own = aheadInLane + 1;
        int above = arrival.Priority == Priority.Critical ? 0 : _queue.CountDownTo(arrival.Priority - 1);
        RejectionReason reason = FindTooLate(arrival, (above + own) / drain * _ticksPerSecond, now);
        double share = _queue.Settings.MinShare;

        if (reason == RejectionReason.None || share <= 0 || arrival.Priority == Priority.Critical)
        {
            return reason;
        }

        // However long the queue above it, its lane is sure of its share, and of what it has saved up.
        double sure = Math.Max(1, (own - _queue.SavedBy(arrival.Priority, work)) / share);
        return FindTooLate(arrival, Math.Min(above + own, sure) / drain * _ticksPerSecond, now);
    }

    private static RejectionReason FindTooLate(in Arrival arrival, double wait, long now) =>
        wait > arrival.MaxWait ? RejectionReason.WaitTooLong
        : arrival.IsInTime(now + wait) ? RejectionReason.None
        : RejectionReason.DeadlineExceeded;

    // A dip drains less for a moment, to learn; it must not make anything look infeasible.
    private double NominalDrainLocked()
    {
        int limit = Math.Max(1, _word.Limit);
        return _nominal <= limit ? _drain.PerSecond : _drain.PerSecond * _nominal / limit;
    }

    // Requests a second, for Retry-After. Until it is measured (which takes long where each takes long, and those who are refused
    // come seldom), as many as fit if each takes what the last one usually does.
    private double RateLocked() =>
        _drain.PerSecond > 0 || _usual <= 0 ? _drain.PerSecond : (double)Math.Max(1, _word.Limit) * _ticksPerSecond / _usual;

    // What it will be charged with when its turn comes.
    private long WorkOf(in Arrival arrival)
    {
        long service = arrival.UsualService > 0 ? arrival.UsualService : _unknownService;
        return Math.Max(1, Math.Min(service * arrival.Cost, _maxWork));
    }
}
