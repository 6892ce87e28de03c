using Backpressure.Admission;

namespace Backpressure.Downstreams;

/// <content>For one that does not get in at once.</content>
internal sealed partial class Downstream
{
    /// <summary>A power of two: one of so many that pass while others wait looks at the coarse clock.</summary>
    private const int PassesPerLook = 8;

    // The coarse clock's tick in which the fine clock was last read for one that passes.
    private long _tick;

    // Those that passed, by a plain count: whether one more looks at the clock or one fewer is no matter.
    private uint _passed;

    /// <summary>
    /// The time for one that has met the gate full, or leaves it without being measured. Where so many come that only some are
    /// measured, that of the last hand-over will do (some 50 µs ago): to read the fine clock costs more than to get in line, and
    /// the coarse one a third of it. It is of the same tick of the coarse clock, a few milliseconds, or while somebody waits of one
    /// of the last passes; then the timer looks as well, every 10 ms.
    /// </summary>
    public long PassingTime()
    {
        if (Sampling.Shift > 0)
        {
            if (Gate.HasWaiters && ++_passed % PassesPerLook != 0)
            {
                return Gate.HandedOverAt;
            }

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
