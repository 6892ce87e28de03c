using Backpressure.Admission;

namespace Backpressure.Downstreams;

/// <content>For one that does not get in at once.</content>
internal sealed partial class Downstream
{
    // The coarse clock's tick in which the fine clock was last read for one that passes.
    private long _tick;

    /// <summary>
    /// The time for one that has met the gate full, or leaves it without being measured. Where so many come that only some are
    /// measured, that of the last hand-over will do (some 50 µs ago, and never longer than a tick of the coarse clock, a few
    /// milliseconds): to read the fine clock costs more than to get in line.
    /// </summary>
    public long PassingTime()
    {
        if (Sampling.Shift > 0)
        {
            long tick = Environment.TickCount64;
            if (tick == Volatile.Read(ref _tick))
            {
                return Gate.HandedOverAt;
            }

            // From now it is of this tick, or later.
            long now = _time.GetTimestamp();
            Gate.NoteTime(now);
            Volatile.Write(ref _tick, tick);
            return now;
        }

        return _time.GetTimestamp();
    }

    /// <summary>A request that met the gate full.</summary>
    public ArrivalResult Arrive(in Arrival arrival, long now, out Waiter? queued, out Refusal refusal)
    {
        DecidedWaiters decided = default;
        ArrivalResult result = Gate.Arrive(arrival, now, out queued, out refusal, ref decided);

        // While somebody has been waiting all the time, the first of them has seen to the timer.
        if (queued is { IsFirst: true })
        {
            _timer.Raise(Pace.Waiting);
        }

        decided.Tell();
        if (result == ArrivalResult.Refused)
        {
            AdaptIfDue(now);
        }

        return result;
    }
}
