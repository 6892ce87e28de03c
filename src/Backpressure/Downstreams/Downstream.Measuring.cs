using System.Runtime.CompilerServices;

namespace Backpressure.Downstreams;

/// <content>What the meter is told of those that leave.</content>
internal sealed partial class Downstream
{
    /// <summary>One that had counted as a success when its response began was dropped: it is no departure any more, only a sign.</summary>
    public void DropLate(long now)
    {
        Meter.Dropped(latencyTicks: -1);
        AdaptIfDue(now);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool LeaveMeasured(int cost, int route, long latency, Outcome outcome, long now, int weight, long held, out uint number)
    {
        // Until its units are back nothing may throw.
        bool waiters = Gate.Leave(cost, out int inFlight);
        number = Measure(cost, route, latency, outcome, inFlight, now, weight, held);
        return waiters;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Measure(int cost, int route, long latency, Outcome outcome, int inFlight, long now, int weight, long held)
    {
        uint number = Unmeasured;
        bool longHeld = false;
        if (weight > 0)
        {
            long sample = outcome == Outcome.Success ? latency : -1;
            number = Meter.Take();
            Meter.Record(number, route, sample, inFlight, weight);

            // One of which it is not known may have been there always.
            long startedAt = held >= 0 ? now - held : long.MinValue;
            Meter.LongHeld.Left(startedAt, cost);
            if (weight > 1)
            {
                Meter.LongHeld.Sampled(now);
            }

            longHeld = held >= 0 && startedAt <= Meter.LongHeld.Since;
            if (longHeld)
            {
                Meter.LongHeld.Ended(cost);
            }
            else if (outcome != Outcome.Dropped)
            {
                Meter.Held(cost, sample, held, weight);
            }
        }

        if (outcome == Outcome.Dropped)
        {
            Meter.Dropped(longHeld ? -1 : latency, weight);
        }

        return number;
    }
}
