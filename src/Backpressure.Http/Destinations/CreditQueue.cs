using System.Diagnostics;

namespace Backpressure.Http.Destinations;

/// <summary>
/// Spends the credits that a destination grants, and lets calls wait when none is left: higher priorities first, within one
/// priority those that a request waits for, then the oldest. Costs one look at a flag until a destination has granted something.
/// </summary>
internal sealed class CreditQueue : IDisposable
{
    /// <summary>A destination that says nothing any more is asked again after so long.</summary>
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly CreditAccount _account;
    private readonly ITimer _timer;

    // Two lanes a priority: before those that nobody waits for go those made for a request.
    private readonly LinkedList<CreditWaiter>[] _lanes = [.. Enumerable.Range(0, 2 * Priorities.Count).Select(static _ => new LinkedList<CreditWaiter>())];
    private int _waiting;
    private bool _isUsed;

    public CreditQueue(TimeProvider time)
    {
        _time = time;
        _account = new CreditAccount((long)(Probe.TotalSeconds * time.TimestampFrequency));
        _timer = time.CreateTimer(static self => ((CreditQueue)self!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the destination has ever granted anything.</summary>
    public bool IsUsed => Volatile.Read(ref _isUsed);

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Asks for one without waiting.</summary>
    /// <param name="priority">The call's.</param>
    /// <param name="now">The time.</param>
    /// <param name="spent">What it was counted of, to be given back; 0: nothing.</param>
    /// <returns>Whether it may be sent.</returns>
    public bool TrySpend(Priority priority, long now, out byte spent)
    {
        spent = 0;
        if (!IsUsed)
        {
            return true;
        }

        lock (_lock)
        {
            return !IsWaitingLocked(priority) && _account.TrySpend(priority, now, out spent);
        }
    }

    /// <summary>Waits for one.</summary>
    /// <param name="waiter">The call.</param>
    /// <param name="nested">Whether a request waits for it.</param>
    /// <param name="capacity">How many may wait; one of a lower priority gives its place.</param>
    /// <param name="cancellationToken">Fires when the caller is gone.</param>
    public Task<CreditDecision> WaitAsync(CreditWaiter waiter, bool nested, int capacity, CancellationToken cancellationToken)
    {
        CreditWaiter? evicted = null;
        lock (_lock)
        {
            if (_waiting >= capacity)
            {
                evicted = LastBelowLocked(waiter.Priority);
                if (evicted is null)
                {
                    return Task.FromResult(new CreditDecision(CreditAnswer.None, 0));
                }

                RemoveLocked(evicted);
            }

            waiter.Place = _lanes[(2 * (int)waiter.Priority) + (nested ? 0 : 1)].AddLast(waiter);
            _waiting++;
        }

        evicted?.Tell(CreditAnswer.None);

        // What came free between the first look and now.
        Look();
        return cancellationToken.CanBeCanceled ? WaitCancellablyAsync(waiter, cancellationToken) : waiter.Decision;
    }

    /// <summary>The destination has said how much it takes.</summary>
    public void Grant(Priority priority, ReadOnlySpan<int> credits, TimeSpan goodFor)
    {
        lock (_lock)
        {
            _account.Grant(priority, credits, _time.GetTimestamp() + (long)(goodFor.TotalSeconds * _time.TimestampFrequency));
            Volatile.Write(ref _isUsed, true);
        }

        LookIfAnybodyWaits();
    }

    /// <summary>One that was spent was not sent, or its answer was lost.</summary>
    public void GiveBack(byte spent)
    {
        lock (_lock)
        {
            _account.GiveBack(spent);
        }

        LookIfAnybodyWaits();
    }

    /// <summary>Counts nothing any more and lets everybody through.</summary>
    public void Stop()
    {
        List<CreditWaiter> all = [];
        lock (_lock)
        {
            _account.Reset();
            Volatile.Write(ref _isUsed, false);
            all.AddRange(_lanes.SelectMany(static lane => lane));
            all.ForEach(RemoveLocked);
        }

        all.ForEach(static waiter => waiter.Tell(CreditAnswer.Granted));
    }

    public void Dispose()
    {
        _timer.Dispose();
        Stop();
    }

    private async Task<CreditDecision> WaitCancellablyAsync(CreditWaiter waiter, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration leaving = cancellationToken.UnsafeRegister(
            static state =>
            {
                (CreditQueue self, CreditWaiter waiter) = ((CreditQueue, CreditWaiter))state!;
                self.Cancel(waiter);
            },
            (this, waiter));
        return await waiter.Decision.ConfigureAwait(false);
    }

    private void Cancel(CreditWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Place is null)
            {
                return;
            }

            RemoveLocked(waiter);
        }

        waiter.Tell(CreditAnswer.ClientAborted);
    }

    private void LookIfAnybodyWaits()
    {
        if (Volatile.Read(ref _waiting) > 0)
        {
            Look();
        }
    }

    // Gives what there is to those that wait, sends those away whose time is over, and sees to the timer.
    private void Look()
    {
        List<(CreditWaiter Waiter, CreditAnswer Answer)> decided = [];
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            TakeExpiredLocked(now, decided);
            for (int lane = 0; lane < _lanes.Length; lane++)
            {
                while (_lanes[lane].First is { Value: var waiter } && _account.TrySpend(waiter.Priority, now, out byte spent))
                {
                    RemoveLocked(waiter);
                    waiter.Spent = spent;
                    decided.Add((waiter, CreditAnswer.Granted));
                }
            }

            SetTimerLocked(now);
        }

        decided.ForEach(static one => one.Waiter.Tell(one.Answer));
    }

    private void TakeExpiredLocked(long now, List<(CreditWaiter Waiter, CreditAnswer Answer)> decided)
    {
        foreach (LinkedList<CreditWaiter> lane in _lanes)
        {
            LinkedListNode<CreditWaiter>? node = lane.First;
            while (node is not null)
            {
                LinkedListNode<CreditWaiter>? next = node.Next;
                if (node.Value.ExpiresAt <= now)
                {
                    decided.Add((node.Value, node.Value.Expiry));
                    RemoveLocked(node.Value);
                }

                node = next;
            }
        }
    }

    private void SetTimerLocked(long now)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "Waiters are guarded.");
        if (_waiting == 0)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        long due = _account.NextProbe();
        foreach (LinkedList<CreditWaiter> lane in _lanes)
        {
            foreach (CreditWaiter waiter in lane)
            {
                due = Math.Min(due, waiter.ExpiresAt);
            }
        }

        // A timer that fires a moment early would find nothing to do.
        TimeSpan left = _time.GetElapsedTime(now, due) + TimeSpan.FromMilliseconds(1);
        _timer.Change(left, Timeout.InfiniteTimeSpan);
    }

    private bool IsWaitingLocked(Priority priority)
    {
        for (int lane = 0; _waiting > 0 && lane < 2 * ((int)priority + 1); lane++)
        {
            if (_lanes[lane].Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    private CreditWaiter? LastBelowLocked(Priority priority)
    {
        for (int lane = _lanes.Length - 1; lane >= 2 * ((int)priority + 1); lane--)
        {
            if (_lanes[lane].Last is { Value: var last })
            {
                return last;
            }
        }

        return null;
    }

    private void RemoveLocked(CreditWaiter waiter)
    {
        waiter.Place!.List!.Remove(waiter.Place);
        waiter.Place = null;
        _waiting--;
    }
}
