namespace Backpressure.Adaptation;

/// <summary>Concurrency and the work rate it gave. Of those in flight some may be long held.</summary>
internal readonly record struct OperatingPoint(double InFlight, double WorkRate, double Noise, double LongHeld = 0)
{
    public bool IsKnown => InFlight > 0 && WorkRate > 0;

    public double Stretch => InFlight / WorkRate;

    /// <summary>Those that come and go.</summary>
    public double Rest => InFlight - LongHeld;

    /// <summary>The standard error of <see cref="ElasticityTo"/>.</summary>
    public double ElasticityError(OperatingPoint there)
        => Math.Sqrt((Noise * Noise) + (there.Noise * there.Noise)) / Math.Abs(Math.Log(there.InFlight / InFlight));

    /// <summary>Δln Y / Δln n from here to there: 1 where every request runs unhindered, 0 at saturation.</summary>
    public double ElasticityTo(OperatingPoint there)
        => Math.Log(there.WorkRate / WorkRate) / Math.Log(there.InFlight / InFlight);

    /// <summary>
    /// The same, and its standard error, of the work of the rest alone: where downstream does nothing for the long held, saturation
    /// is 0 for the rest, and far less for all together.
    /// </summary>
    public (double Value, double Error) RestElasticityTo(OperatingPoint there)
    {
        double part = LongHeld > 0 && Rest > 0 && there.Rest > 0 ? Math.Log(there.InFlight / InFlight) / Math.Log(there.Rest / Rest) : 1;
        double value = ElasticityTo(there);
        return (part == 1 ? value : 1 + ((value - 1) * part), ElasticityError(there) * Math.Abs(part));
    }
}
