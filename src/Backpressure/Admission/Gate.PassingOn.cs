using System.Diagnostics;

namespace Backpressure.Admission;

/// <content>Giving units back where others wait for them.</content>
internal sealed partial class Gate
{
    // Completions whose units passed on, so that the word knows nothing of them.
    private uint _passedOn;

    /// <summary>
    /// Work that had waited has ended: as <see cref="Leave(int, out int)"/> and then a hand-over, in one. Where whoever is next wants as many units
    /// as come free, they pass from one to the other and are never free.
    /// </summary>
    /// <param name="cost">The units that it entered with.</param>
    /// <param name="charge">What it has really taken.</param>
    /// <param name="now">The time.</param>
    /// <param name="decided">Whom the units let in.</param>
    /// <returns>Units in flight just before, its own included.</returns>
    public int Leave(int cost, in ServiceCharge charge, long now, ref DecidedWaiters decided)
    {
        // Where another has the lock the units are given back before it is waited for: that may fail, and they must not.
        if (!_word.HasWaiters || !_lock.TryEnter())
        {
            bool waiters = Leave(cost, out int inFlight);
            if (waiters || charge.Charged != 0)
            {
                HandOver(charge, now, ref decided);
            }

            return inFlight;
        }

        try
        {
            return LeaveLocked(cost, charge, now, ref decided);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private int LeaveLocked(int cost, in ServiceCharge charge, long now, ref DecidedWaiters decided)
    {
        Debug.Assert(_lock.IsHeld, "Hand-over is guarded.");
        _queue.Correct(charge);
        if (_queue.Peek(now) is { } next && next.Cost == cost && next.ExpiresAt > now && next.IsInTime(now) && _word.CanPassOn(cost, out int inFlight))
        {
            Volatile.Write(ref _passedOn, _passedOn + 1);
            ServeLocked(next, now, ref decided);
        }
        else
        {
            Leave(cost, out inFlight);
        }

        // There may be room for more, and whoever is late is to be told.
        HandOverLocked(now, ref decided);
        return inFlight;
    }
}
