namespace Backpressure.Adaptation;

/// <summary>Concurrency and the work rate it gave.</summary>
internal readonly record struct OperatingPoint(double InFlight, double WorkRate, double Noise)
{
    public bool IsKnown => InFlight > 0 && WorkRate > 0;

    public double Stretch => InFlight / WorkRate;

    /// <summary>The standard error of <see cref="ElasticityTo"/>.</summary>
    public double ElasticityError(OperatingPoint there)
        => Math.Sqrt((Noise * Noise) + (there.Noise * there.Noise)) / Math.Abs(Math.Log(there.InFlight / InFlight));

    /// <summary>Δln Y / Δln n from here to there: 1 where every request runs unhindered, 0 at saturation.</summary>
    public double ElasticityTo(OperatingPoint there)
        => Math.Log(there.WorkRate / WorkRate) / Math.Log(there.InFlight / InFlight);
}
