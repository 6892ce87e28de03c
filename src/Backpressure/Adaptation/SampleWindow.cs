using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>What the laws of Netflix concurrency-limits judge by, gathered from windows of ours. Times in seconds.</summary>
/// <remarks>
/// As their <c>WindowedLimit</c> has it with its defaults: one second, the mean latency of all requests in it, dropped
/// ones included, the most in flight, and whether any was dropped. A second with fewer than 10 samples, or a mean below
/// 100 µs, is forgotten. A second ends with the first window of ours that completes it; nothing is left out between them
/// (<see cref="ILimitLaw.Settles"/>), but for what comes before the first window and before the gate begins to be full.
/// </remarks>
internal readonly record struct SampleWindow(
    double Seconds, int Samples, double LatencySum, int PeakInFlight, bool Dropped)
{
    private const double LeastSeconds = 1;
    private const int LeastSamples = 10;
    private const double LeastLatency = 100e-6;

    public double Latency => LatencySum / Samples;

    /// <summary>Whether it is to be judged, or forgotten, and the next one begun.</summary>
    public bool IsOver => Seconds >= LeastSeconds;

    public bool IsEnough => Samples >= LeastSamples && Latency >= LeastLatency;

    /// <summary>
    /// Whether a window shows what a limit does: not if a shadow gate let in more, nor if a signal holds the gate lower.
    /// </summary>
    public static bool Teaches(in WindowSummary window, int limit)
        => window is not { Shadow: true, Refused: > 0 } && window.Limit >= limit;

    public SampleWindow With(in WindowSummary window) => new(
        Seconds + window.Seconds,
        Samples + window.Completions + window.DroppedSamples,
        LatencySum + window.LatencySum + window.DroppedLatencySum,
        Math.Max(PeakInFlight, window.PeakInFlight),
        Dropped || window.Dropped > 0);
}
