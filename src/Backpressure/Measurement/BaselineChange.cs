namespace Backpressure.Measurement;

/// <summary>What a window says about the routes' baselines (their latency with no queueing in the downstream).</summary>
/// <param name="Move">What to do.</param>
/// <param name="Factor">For <see cref="BaselineMove.Scale"/>.</param>
internal readonly record struct BaselineChange(BaselineMove Move, double Factor = 1)
{
    public static BaselineChange Follow => new(BaselineMove.Follow);

    public static BaselineChange ScaleBy(double factor) => new(BaselineMove.Scale, factor);
}

internal enum BaselineMove
{
    /// <summary>Nothing, but for routes seen for the first time, which get one.</summary>
    Hold,

    /// <summary>Towards the latency seen, up or down, with a memory of 400 samples a route.</summary>
    Follow,

    /// <summary>All routes by one factor, those not seen in this window too.</summary>
    Scale,
}
