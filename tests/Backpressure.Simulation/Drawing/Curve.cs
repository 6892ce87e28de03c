namespace Backpressure.Simulation.Drawing;

/// <summary>How a curve is drawn.</summary>
internal enum CurveStyle
{
    Line,

    /// <summary>What is there at best: a dashed line.</summary>
    Dashed,

    /// <summary>Filled down to the axis, or to the area before it.</summary>
    Area,
}

/// <summary>Something over time, at the middle of each of a run's bins.</summary>
internal sealed record Curve(string Name, string Color, CurveStyle Style, double[] Values);
