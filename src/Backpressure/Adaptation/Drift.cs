namespace Backpressure.Adaptation;

/// <summary>
/// Tells a lasting change from noise: sums what exceeds half a standard error, upwards and downwards (Page's CUSUM,
/// Biometrika 1954). One window's deviation says little; ten of them to the same side say much.
/// </summary>
internal readonly record struct Drift(double Above, double Below)
{
    private const double Slack = 0.5;

    /// <param name="deviation">In standard errors; positive: more than wanted.</param>
    public Drift With(double deviation)
        => new(Math.Max(0, Above + deviation - Slack), Math.Max(0, Below - deviation - Slack));
}
