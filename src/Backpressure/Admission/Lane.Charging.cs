namespace Backpressure.Admission;

/// <content>Who has had how much.</content>
internal sealed partial class Lane
{
    /// <summary>Nobody is made to wait for more service than this that it had before the others…</summary>
    private const double MaxLeadSeconds = 60;

    /// <summary>…or than the gate does in this time, if that is more.</summary>
    private const double MaxLeadSecondsOfGate = 10;

    /// <summary>How many units the gate has, which all work at once.</summary>
    public int Units
    {
        set => _maxLead = (long)(Math.Max(MaxLeadSeconds, MaxLeadSecondsOfGate * value) * _ticksPerSecond);
    }

    /// <summary>Puts right what a served one was charged with, where that is not forgotten.</summary>
    public void Correct(in ServiceCharge charge)
    {
        long more = charge.Taken - charge.Charged;
        if (more == 0 || _order is null || charge.ServedAt < _keptSince)
        {
            return;
        }

        for (int i = 0; i < charge.Hand.Count; i++)
        {
            int index = charge.Hand[i];
            ref PartitionQueue queue = ref _queues[index];
            queue.Paid = Math.Clamp(queue.Paid + more, _fair - _maxLead, _fair + _maxLead);
            if (queue.Count > 0)
            {
                _order.Move(index, queue.Paid);
            }
        }
    }

    // The queue that it leaves is put in order by its removal.
    private void Charge(Waiter waiter, long now)
    {
        if (_fair > long.MaxValue / 2)
        {
            Forget(now);
        }

        // Who goes before all queues says nothing of how far they are, while somebody stands in one.
        int first = IsAhead(waiter) && _active.Count > 0 ? _order!.First : waiter.Queue;
        _fair = Math.Max(_fair, _queues[first].Paid);
        for (int i = 0; i < waiter.Hand.Count; i++)
        {
            int index = waiter.Hand[i];
            ref PartitionQueue queue = ref _queues[index];
            queue.Paid = Math.Min(Math.Max(queue.Paid, _fair) + waiter.Charge, _fair + _maxLead);
            if (index != waiter.Queue && queue.Count > 0)
            {
                _order!.Move(index, queue.Paid);
            }
        }
    }

    private void Owe(PartitionHand hand, long work)
    {
        if (hand.IsNobodys)
        {
            _queues[0].Owed += work;
            return;
        }

        for (int i = 0; i < hand.Count; i++)
        {
            _queues[hand[i]].Owed += work;
        }
    }

    private void Forget(long now)
    {
        _keptSince = now;
        _fair = 0;
        foreach (ref PartitionQueue queue in _queues.AsSpan())
        {
            queue.Paid = 0;
        }

        for (int i = _active.Next(0); i >= 0; i = _active.Next(i + 1))
        {
            _order!.Move(i, 0);
        }
    }
}
