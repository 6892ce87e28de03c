namespace Backpressure.Adaptation;

/// <summary>What Netflix lets its users set and ours need not: here so that their published cases can be run.</summary>
/// <param name="Smoothing">Share of a change that is made at once: above 0, at most 1.</param>
/// <param name="Decrease">The limit after one that is too high; null: less log10 of it.</param>
internal readonly record struct VegasTuning(double Smoothing, Func<double, double>? Decrease = null)
{
    public static VegasTuning Default => new(1);
}
