namespace Backpressure.Measurement;

/// <summary>Sums over the departures of the open window, each counted as often as it stands for. Times in seconds.</summary>
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

    /// <summary>Σ latency², each as often as it stands for.</summary>
    public double LatencySecondMoment;

    public double DroppedLatencySum;

    /// <summary>
    /// Units × time in flight that <see cref="LatencySum"/> does not have: of requests that are no sample, of units beyond a
    /// request's first, and of slots that were held after the response had begun. Of those that were dropped, none.
    /// Below zero where one has become heavier and has not ended.
    /// </summary>
    public double OtherHeld;

    /// <summary>Units beyond the first of each departure.</summary>
    public double OtherUnits;

    public readonly double MeanLatency => Samples > 0 ? LatencySum / Samples : 0;

    /// <summary>Units × time in flight of all that were not dropped.</summary>
    public readonly double Held => LatencySum + Math.Max(0, OtherHeld);

    /// <summary>The same ÷ the latencies: 1 where every request is a sample of one unit, that holds its slot no longer.</summary>
    public readonly double HeldPerLatency => LatencySum > 0 ? Held / LatencySum : 1;

    /// <summary>Units of a departure, on the mean.</summary>
    public readonly double MeanUnits => Departures > 0 ? 1 + (OtherUnits / Departures) : 1;

    /// <summary>The latency that a moment in flight belongs to, on the mean: that of long requests more often than of short ones.</summary>
    public readonly double Residence => LatencySum > 0 ? LatencySecondMoment / LatencySum : 0;

    /// <summary>
    /// How many samples of equal weight would say as much: heavy-tailed latencies say less than their number promises.
    /// </summary>
    public readonly double EffectiveSamples => LatencySquaredSum > 0 ? LatencySum * LatencySum / LatencySquaredSum : 0;
}
