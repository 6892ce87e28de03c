using System.Diagnostics;
using System.Runtime.CompilerServices;
using Backpressure.Configuration;

namespace Backpressure.Admission;

/// <summary>
/// Guards one downstream: a limit, what is in flight, a queue. This is the decision core: it is told the time, never
/// waits and runs nobody else's code; the awaiting shell and the laboratory drive the very same object.
/// </summary>
/// <remarks>
/// A free gate is one compare-and-swap (<see cref="GateWord"/>). Everything about waiting is behind one lock, and those
/// it decides are handed back in <see cref="DecidedWaiters"/> to be told outside it.
/// </remarks>
internal sealed partial class Gate
{
    private GateLock _lock = new();
    private readonly Func<Waiter> _rentWaiter;
    private readonly long _ticksPerSecond;
    private readonly long _unknownService;
    private readonly long _maxWork;
    private readonly WaitQueue _queue;
    private readonly TimingWheel _wheel;
    private readonly RetryAfterBook _book;
    private readonly List<Waiter> _expired = [];
    private readonly long[] _fullByPriority = new long[Priorities.Count];
    private GateWord _word;
    private DrainRate _drain;
    private int _nominal;
    private bool _closed;
    private long _fullArrivals;
    private long _refused;
    private long _admittedLate;
    private long _mayWaitAt = long.MinValue;
    private long _latest;

    // What the last one who was refused usually takes, in ticks; 0: nobody knows.
    private long _usual;

    /// <summary>Builds an open, empty gate.</summary>
    /// <param name="limit">Units that may be in flight.</param>
    /// <param name="queue">Who may wait.</param>
    /// <param name="rentWaiter">Gives a node for a request that is going to wait; called under the gate's lock.</param>
    /// <param name="ticksPerSecond">The clock's resolution.</param>
    /// <param name="now">The time.</param>
    /// <param name="seed">For the spread of Retry-After.</param>
    public Gate(int limit, QueueSettings queue, Func<Waiter> rentWaiter, long ticksPerSecond, long now, uint seed)
    {
        _rentWaiter = rentWaiter;
        _ticksPerSecond = ticksPerSecond;
        _unknownService = (long)(UnknownServiceSeconds * ticksPerSecond);
        _maxWork = (long)(MaxWorkSeconds * ticksPerSecond);
        _queue = new WaitQueue(queue, ticksPerSecond) { Units = limit };
        _wheel = new TimingWheel(ticksPerSecond, now);
        _book = new RetryAfterBook(ticksPerSecond, seed);
        _latest = now;
        _nominal = limit;
        _word.SetLimit(limit);
    }

    public int InFlight => _word.InFlight;

    public int Limit => _word.Limit;

    /// <summary>The limit that queue capacity goes by; differs from <see cref="Limit"/> in moments of learning only.</summary>
    public int Nominal => Volatile.Read(ref _nominal);

    public int Waiting => _queue.Count;

    public bool HasWaiters => _word.HasWaiters;

    /// <summary>Requests a second that the full gate completes; 0: not known yet.</summary>
    public double DrainPerSecond => _drain.PerSecond;

    public GateCounts Counts
    {
        get
        {
            using (_lock.Hold())
            {
                return new GateCounts(_word.Limit, _word.InFlight, _queue.Count, _fullArrivals, _refused, _admittedLate, PriorityCounts.Of(_fullByPriority), _mayWaitAt);
            }
        }
    }

    public int WaitingOf(Priority priority) => _queue.CountOf(priority);

    /// <summary>Enters a gate that is free and that nobody waits at.</summary>
    public bool TryEnter(int cost) => _word.TryEnter(cost);

    /// <summary>Enters unconditionally: for a shadow gate that mirrors another's admissions.</summary>
    public void Enter(int cost) => _word.Enter(cost);

    /// <summary>A request that did not get in at once: admits, queues or refuses it.</summary>
    public ArrivalResult Arrive(in Arrival arrival, long now, out Waiter? queued, out Refusal refusal, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            return ArriveLocked(arrival, now, out queued, out refusal, ref decided);
        }
    }

    /// <summary>Books a return for a request that is refused before it came to the gate.</summary>
    public Refusal Refuse(RejectionReason reason, Priority priority, long now)
    {
        using (_lock.Hold())
        {
            return new Refusal(reason, _book.Book(priority, _queue.CountDownTo(priority), RateLocked(), now));
        }
    }

    /// <summary>Work has ended: gives its units back. When it returns true, a hand-over must follow.</summary>
    public bool Leave(int cost, out int inFlight)
    {
        bool waiters = _word.Leave(cost, out inFlight);
        Debug.Assert(inFlight <= GateWord.MaxUnits, "Every unit is given back once: one too many borrows from the limit.");
        return waiters;
    }

    /// <summary>One in flight turns out to be heavier: it takes more units, above the limit if need be.</summary>
    /// <returns>Whether it has them; <see langword="false"/> only where there are more than can be counted.</returns>
    public bool TryAdd(int units) => _word.TryAdd(units);

    /// <summary>One in flight turns out to be lighter. When it returns true, a hand-over must follow.</summary>
    public bool GiveBack(int units) => _word.GiveBack(units);

    /// <summary>Gives free units to those that wait.</summary>
    public void HandOver(long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            HandOverLocked(now, ref decided);
        }
    }

    /// <summary>Gives free units to those that wait, after work that had waited too: first it is charged with what it really took.</summary>
    public void HandOver(in ServiceCharge charge, long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            _queue.Correct(charge);
            HandOverLocked(now, ref decided);
        }
    }

    /// <summary>Takes a waiter out because its caller is gone.</summary>
    /// <returns>Whether it still waited.</returns>
    public bool TryCancel(Waiter waiter, long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            if (waiter.State != WaiterState.Queued)
            {
                return false;
            }

            RemoveLocked(waiter, now);
            waiter.Decide(WaiterState.Refused, new Refusal(RejectionReason.ClientAborted, 0), now);
            decided.Add(waiter);

            // Lighter ones may have waited behind it.
            HandOverLocked(now, ref decided);
            return true;
        }
    }

    /// <summary>Refuses those whose time is over. To be called about every 10 ms while somebody waits.</summary>
    public void Expire(long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            if (_queue.Count > 0)
            {
                // The timer runs on after the last waiter has gone, and a gate that is free drains nothing.
                _drain.NoteFull(now, Sequence, _ticksPerSecond);
            }

            Waiter? waiter = _wheel.TakeExpired(now);
            while (waiter is not null)
            {
                Waiter? next = waiter.WheelNext;
                waiter.WheelNext = null;
                _queue.Remove(waiter, now);
                DecideRefusedLocked(waiter, ReasonOfExpiry(waiter), now, ref decided);
                waiter = next;
            }

            _queue.TakeExpired(now, _expired);
            foreach (Waiter late in _expired)
            {
                // Whose clock was read before a sweep may stand in the wheel all the same.
                _wheel.Remove(late);
                DecideRefusedLocked(late, ReasonOfExpiry(late), now, ref decided);
            }

            _expired.Clear();
            HandOverLocked(now, ref decided);
        }
    }

    /// <summary>Moves the limit; what is in flight above it runs to its end.</summary>
    /// <param name="limit">Units that may be in flight from now.</param>
    /// <param name="nominal">What queue capacity and feasibility go by.</param>
    /// <param name="now">The time.</param>
    /// <param name="decided">Those that a higher limit lets in.</param>
    public void SetLimit(int limit, int nominal, long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            _word.SetLimit(limit);
            Volatile.Write(ref _nominal, nominal);
            _queue.Units = nominal;
            HandOverLocked(now, ref decided);
        }
    }

    /// <summary>Changes who may wait from now; nobody who waits already is turned away.</summary>
    public void Reconfigure(QueueSettings queue)
    {
        using (_lock.Hold())
        {
            _queue.Settings = queue;
        }
    }

    /// <summary>Lets waiters through without units, because the gate no longer decides over them.</summary>
    public void Release(Func<Waiter, bool> which, long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            foreach (Waiter waiter in _queue.FindAll(which))
            {
                RemoveLocked(waiter, now);
                waiter.Decide(WaiterState.Released, default, now);
                decided.Add(waiter);
            }

            HandOverLocked(now, ref decided);
        }
    }

    /// <summary>
    /// Shuts down: those that may be evicted are refused, and whoever comes from now; those that block are served on.
    /// </summary>
    public void Close(long now, ref DecidedWaiters decided) =>
        RefuseWaiters(static w => w.Overflow != Overflow.Block, now, ref decided);

    /// <summary>The end: nobody may be left waiting.</summary>
    public void Abandon(long now, ref DecidedWaiters decided) => RefuseWaiters(static _ => true, now, ref decided);

    private void RefuseWaiters(Func<Waiter, bool> which, long now, ref DecidedWaiters decided)
    {
        using (_lock.Hold())
        {
            _closed = true;
            foreach (Waiter waiter in _queue.FindAll(which))
            {
                RefuseWaiterLocked(waiter, RejectionReason.ShuttingDown, now, ref decided);
            }

            HandOverLocked(now, ref decided);
        }
    }

    // Apart from the lock: what lives across the end of a lock is kept in memory.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ArrivalResult ArriveLocked(in Arrival arrival, long now, out Waiter? queued, out Refusal refusal, ref DecidedWaiters decided)
    {
        queued = null;
        refusal = default;
        if (_queue.Count == 0 && _word.TryEnter(arrival.Cost))
        {
            return ArrivalResult.Admitted;
        }

        _fullArrivals++;
        _fullByPriority[(int)arrival.Priority]++;
        _drain.NoteFull(now, Sequence, _ticksPerSecond);
        long work = WorkOf(arrival);
        if (arrival.Overflow == Overflow.Shed)
        {
            _queue.NoteArrival(arrival.Priority, work, now);
        }

        if (arrival.Overflow != Overflow.Reject)
        {
            _mayWaitAt = now;
        }

        PartitionHand hand = PartitionHand.Of(arrival.Partition);
        RejectionReason reason = FindReasonToRefuseLocked(arrival, hand, work, now, out Waiter? victim);
        if (reason != RejectionReason.None)
        {
            _usual = arrival.UsualService > 0 ? arrival.UsualService : _usual;
            refusal = RefuseLocked(reason, arrival.Priority, now);
            return ArrivalResult.Refused;
        }

        // From here it waits, unless the gate came free after all: then the same swap that would have marked the
        // queue has entered, and there was nobody before it.
        bool isFirst = _queue.Count == 0;
        if (isFirst && _word.EnterOrMarkWaiting(arrival.Cost))
        {
            return ArrivalResult.Admitted;
        }

        if (victim is not null)
        {
            // The mark stays set even if it was the last waiter: the newcomer takes its place.
            RefuseWaiterLocked(victim, RejectionReason.Evicted, now, ref decided);
        }

        queued = _rentWaiter();
        queued.Begin(arrival, hand, work, now);
        queued.IsFirst = isFirst;
        if (!_queue.Add(queued, now))
        {
            _wheel.Add(queued);
        }

        AssertInvariantsLocked();

        // A slot may be free that the head of the queue is too heavy for, or that a release is about to hand over.
        if (!IsSettledLocked(now))
        {
            HandOverLocked(now, ref decided);
        }

        return ArrivalResult.Queued;
    }

    private void HandOverLocked(long now, ref DecidedWaiters decided)
    {
        Debug.Assert(_lock.IsHeld, "Hand-over is guarded.");
        NoteTimeLocked(now);
        while (!IsSettledLocked(now) && _queue.Peek(now) is { } waiter)
        {
            if (waiter.ExpiresAt <= now)
            {
                RefuseWaiterLocked(waiter, ReasonOfExpiry(waiter), now, ref decided);
            }
            else if (!waiter.IsInTime(now))
            {
                RefuseWaiterLocked(waiter, RejectionReason.DeadlineExceeded, now, ref decided);
            }
            else if (_word.TryEnterFromQueue(waiter.Cost))
            {
                ServeLocked(waiter, now, ref decided);
            }
            else if (_word.IsFull || !_queue.PassOver(waiter, now))
            {
                break;
            }
        }

        if (_queue.Count == 0 && _word.HasWaiters)
        {
            _word.ClearWaiters();
        }

        AssertInvariantsLocked();
    }

    // The units are its own by now.
    private void ServeLocked(Waiter waiter, long now, ref DecidedWaiters decided)
    {
        _queue.Serve(waiter, now);
        _wheel.Remove(waiter);
        _admittedLate++;
        waiter.Decide(WaiterState.Admitted, default, now);
        decided.Add(waiter);
    }

    // Nobody can be let in, and nobody is to be refused: then nobody need be looked at.
    private bool IsSettledLocked(long now) => _word.IsFull && _queue.AllInTime(now) && _wheel.IsEmpty;

    private void RefuseWaiterLocked(Waiter waiter, RejectionReason reason, long now, ref DecidedWaiters decided)
    {
        RemoveLocked(waiter, now);
        DecideRefusedLocked(waiter, reason, now, ref decided);
    }

    private void DecideRefusedLocked(Waiter waiter, RejectionReason reason, long now, ref DecidedWaiters decided)
    {
        waiter.Decide(WaiterState.Refused, RefuseLocked(reason, waiter.Priority, now), now);
        decided.Add(waiter);
    }

    private Refusal RefuseLocked(RejectionReason reason, Priority priority, long now)
    {
        _refused++;
        return new Refusal(reason, _book.Book(priority, _queue.CountDownTo(priority), RateLocked(), now));
    }

    private void RemoveLocked(Waiter waiter, long now)
    {
        _queue.Remove(waiter, now);
        _wheel.Remove(waiter);
    }

    private static RejectionReason ReasonOfExpiry(Waiter waiter) =>
        waiter.ExpiresAt == waiter.Deadline ? RejectionReason.DeadlineExceeded : RejectionReason.MaxWaitElapsed;

    [Conditional("DEBUG")]
    private void AssertInvariantsLocked()
    {
        Debug.Assert(_word.HasWaiters == (_queue.Count > 0), "Whoever waits is marked, and a mark without a waiter would slow everybody.");
        Debug.Assert(_word.InFlight >= 0, "Nothing is released twice.");
    }
}
