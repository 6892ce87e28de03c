using Backpressure.Measurement;

namespace Backpressure.Tests.Adaptation;

/// <summary>Windows as a law is given them.</summary>
internal static class TestWindow
{
    public static WindowSummary Of(
        double inFlight,
        double stretch,
        int limit,
        bool bound = true,
        double? latencyStretch = null,
        int peak = 0,
        int dropped = 0,
        double droppedLatency = 0,
        bool canQueue = true,
        bool shadow = false,
        int completions = 50,
        double seconds = 1)
    {
        double work = seconds * inFlight / stretch;
        double latencies = work * (latencyStretch ?? stretch);
        return new()
        {
            ClosedAt = 0,
            Seconds = seconds,
            Completions = completions,
            Dropped = dropped,
            DroppedSamples = droppedLatency > 0 ? dropped : 0,
            DroppedLatencySum = dropped * droppedLatency,
            MeanInFlight = inFlight,
            PeakInFlight = peak > 0 ? peak : (int)Math.Ceiling(inFlight),
            Work = work,
            LatencySum = latencies,
            LatencySquaredSum = latencies * latencies / completions,
            Arrivals = 100,
            FullArrivals = bound ? 100 : 0,
            Refused = bound ? 50 : 0,
            Limit = limit,
            CanQueue = canQueue,
            Shadow = shadow,
        };
    }
}
