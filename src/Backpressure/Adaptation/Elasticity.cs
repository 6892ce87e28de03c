namespace Backpressure.Adaptation;

/// <summary>The elasticity over many small dips, each too noisy to say anything: a regression that forgets.</summary>
internal readonly record struct Elasticity(double Squares, double Products, double Variance)
{
    private const double Keep = 0.8;

    // Two dips' worth: below this the sum is as noisy as its parts.
    private const double LeastSquares = 0.06;

    public double Mean => Products / Squares;

    public double Deviation => Math.Sqrt(Variance) / Squares;

    public bool IsKnown => Squares >= LeastSquares;

    public Elasticity With(OperatingPoint from, OperatingPoint to)
    {
        double x = Math.Log(to.InFlight / from.InFlight);
        double y = Math.Log(to.WorkRate / from.WorkRate);
        double variance = (from.Noise * from.Noise) + (to.Noise * to.Noise);
        return new((Keep * Squares) + (x * x), (Keep * Products) + (x * y), (Keep * Keep * Variance) + (variance * x * x));
    }
}
