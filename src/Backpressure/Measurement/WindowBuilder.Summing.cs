namespace Backpressure.Measurement;

/// <content>What a window that closes has seen.</content>
internal sealed partial class WindowBuilder
{
    // The standard deviation of the ages of requests in flight, at both edges, in residences: 0.41 at an edge for equal
    // service times, 0.60 for log-normal ones (σ = 0.5), 0.48 for two that differ a hundredfold.
    private const double AgeSpread = 0.57;

    // Few departures say little of what is in flight now: in a stall the reading counts as this many of them.
    private const int WeightOfReading = 4;

    private WindowSummary Sum(in MeterSums sums, in GateReading reading, long now, double elapsed, long full, bool overdue)
    {
        long refused = reading.Refused - _opening.Refused;

        // What came must have left, been refused or still be here.
        long arrivals = sums.Departures + refused
            + (reading.InFlight - _opening.InFlight) + (reading.Waiting - _opening.Waiting);
        arrivals = Math.Max(arrivals, full);

        // A departure counts itself. At a full gate its place is taken at once, so that is right; on a free gate the
        // others alone are the mean (departures see what arrivals see).
        double boundShare = arrivals > 0 ? (double)full / arrivals : 0;
        double longHeld = elapsed > 0 ? _longHeldSeconds / elapsed : 0;
        double inFlight = sums.Departures > 0
            ? (sums.InFlightSum / sums.Departures) - (sums.MeanUnits * (1 - boundShare))
            : reading.InFlight;
        if (overdue && sums.Departures > 0)
        {
            inFlight = ((inFlight * sums.Departures) + (reading.InFlight * (double)WeightOfReading))
                / (sums.Departures + WeightOfReading);
        }

        double rest = Math.Max(inFlight - longHeld, sums.MeanUnits);
        double edges = AgeSpread * Math.Max(sums.Residence, _residence) / (elapsed * Math.Sqrt(Math.Max(1, (longHeld > 0 ? rest : inFlight) / sums.MeanUnits)));
        return new WindowSummary
        {
            ClosedAt = now,
            Seconds = elapsed,
            Completions = sums.Samples,
            Unsampled = Math.Max(0, sums.Departures - sums.Samples - sums.Dropped),
            HeldPerLatency = sums.HeldPerLatency * (longHeld > 0 ? (rest + longHeld) / rest : 1),
            Dropped = sums.Dropped,
            DroppedSamples = sums.DroppedSamples,
            DroppedLatencySum = sums.DroppedLatencySum,
            MeanInFlight = inFlight,
            PeakInFlight = Math.Max(sums.PeakInFlight, reading.InFlight),
            LongHeld = longHeld,
            LongHeldNoted = _meter.LongHeld.Noted,
            Work = _meter.Work(),
            Noise = _meter.Noise(),
            EdgeNoise = longHeld > 0 ? Math.Sqrt((edges * edges) + (_meter.LongHeld.Error * _meter.LongHeld.Error / (rest * rest))) : edges,
            LatencySum = sums.LatencySum,
            LatencySquaredSum = sums.LatencySquaredSum,
            Arrivals = arrivals,
            FullArrivals = full,
            FullByPriority = reading.FullByPriority - _opening.FullByPriority,
            Refused = refused,
            Limit = reading.Limit,
            CanQueue = reading.CanQueue,
            Shadow = reading.Shadow,
        };
    }

    // By Little's law where the gate is busy: after a stall the few latencies seen are those of the survivors.
    private static double MeanLatencyOf(in WindowSummary window)
    {
        double seen = window.LatencySum / window.Completions;
        double little = window.MeanInFlight * window.Seconds / (window.Completions * window.HeldPerLatency);
        return window.Bound || little > Unaccounted * seen ? Math.Clamp(little, seen, 4 * seen) : seen;
    }
}
