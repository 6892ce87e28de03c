namespace Backpressure.Measurement;

/// <summary>Sums over the departures of the open window. Times in seconds.</summary>
internal record struct MeterSums
{
    public int Departures;
    public int Samples;
    public int Dropped;
    public int DroppedSamples;
    public int PeakInFlight;
    public double InFlightSum;
    public double LatencySum;
    public double LatencySquaredSum;
    public double DroppedLatencySum;

    public readonly double MeanLatency => Samples > 0 ? LatencySum / Samples : 0;

    /// <summary>
    /// How many samples of equal weight would say as much: heavy-tailed latencies say less than their number promises.
    /// </summary>
    public readonly double EffectiveSamples => LatencySquaredSum > 0 ? LatencySum * LatencySum / LatencySquaredSum : 0;
}
