namespace Backpressure.Admission;

/// <summary>
/// Waiters that were decided under a gate's lock and are to be told outside it, in the order of the decisions.
/// </summary>
internal struct DecidedWaiters
{
    private Waiter? _first;
    private Waiter? _last;

    public readonly bool IsEmpty => _first is null;

    public void Add(Waiter waiter)
    {
        waiter.DecidedNext = null;
        if (_last is null)
        {
            _first = waiter;
        }
        else
        {
            _last.DecidedNext = waiter;
        }

        _last = waiter;
    }

    /// <summary>Tells them all. Never under a lock: what runs here is no longer ours.</summary>
    public void Tell()
    {
        if (_first is not null)
        {
            TellAll();
        }
    }

    private void TellAll()
    {
        Waiter? waiter = _first;
        _first = _last = null;
        while (waiter is not null)
        {
            // Once told, a waiter may be reused at once: read the link first.
            Waiter? next = waiter.DecidedNext;
            waiter.DecidedNext = null;
            waiter.OnDecided();
            waiter = next;
        }
    }
}
