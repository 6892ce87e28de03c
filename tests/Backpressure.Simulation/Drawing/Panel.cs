using ScottPlot;
using ScottPlot.TickGenerators;

namespace Backpressure.Simulation.Drawing;

/// <summary>One plot of a picture: curves over the seconds of one run.</summary>
internal sealed class Panel
{
    private const int LeftMargin = 62;

    private readonly int _binsAPoint;
    private readonly double[] _seconds;
    private readonly double _end;

    /// <param name="bins">Values in each curve.</param>
    /// <param name="binSeconds">What one of them spans.</param>
    /// <param name="secondsAPoint">What one point of the picture is the mean of.</param>
    public Panel(int bins, double binSeconds, double secondsAPoint)
    {
        _binsAPoint = Math.Max(1, (int)Math.Round(secondsAPoint / binSeconds));
        _seconds = [.. Enumerable.Range(0, bins / _binsAPoint).Select(i => (i + 0.5) * _binsAPoint * binSeconds)];
        _end = bins * binSeconds;
    }

    public Plot Draw(IReadOnlyList<Curve> curves, string label, double? most, IEnumerable<double> marks, bool last)
    {
        Plot plot = new();

        // It shares the canvas with the other plots.
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        double[] floor = new double[_seconds.Length];
        double top = 0;
        foreach (Curve curve in curves)
        {
            double[] values = MeansOf(curve.Values);
            if (curve.Style == CurveStyle.Area)
            {
                double[] ceiling = [.. floor.Zip(values, (a, b) => a + b)];
                Fill(plot, curve, floor, ceiling);
                values = ceiling;
                floor = ceiling;
            }
            else
            {
                Line(plot, curve, values);
            }

            top = Math.Max(top, values.DefaultIfEmpty().Max());
        }

        foreach (double mark in marks)
        {
            ScottPlot.Plottables.VerticalLine line = plot.Add.VerticalLine(mark);
            line.LineColor = Color.FromHex("#9aa5b1");
            line.LineWidth = 1;
            line.LinePattern = LinePattern.Dotted;
        }

        plot.Axes.SetLimits(0, _end, 0, Math.Min(most ?? double.PositiveInfinity, Math.Max(top * 1.08, 1.1)));
        Format(plot, label, last);
        return plot;
    }

    private void Fill(Plot plot, Curve curve, double[] floor, double[] ceiling)
    {
        ScottPlot.Plottables.FillY area = plot.Add.FillY(_seconds, floor, ceiling);
        area.FillColor = Color.FromHex(curve.Color);
        area.LineWidth = 0;
        area.MarkerSize = 0;
    }

    private void Line(Plot plot, Curve curve, double[] values)
    {
        ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(_seconds, values);
        line.LineColor = Color.FromHex(curve.Color);
        line.LineWidth = curve.Style == CurveStyle.Dashed ? 1.5f : 1.8f;
        line.LinePattern = curve.Style == CurveStyle.Dashed ? LinePattern.Dashed : LinePattern.Solid;
    }

    private double[] MeansOf(double[] values) =>
        [.. _seconds.Select((_, i) => values.AsSpan(i * _binsAPoint, _binsAPoint).ToArray().Average())];

    private static void Format(Plot plot, string label, bool last)
    {
        plot.Axes.Left.Label.Text = label;
        plot.Axes.Left.Label.FontSize = 12.5f;
        plot.Axes.Left.Label.Bold = false;
        plot.Axes.Left.TickGenerator = new NumericAutomatic { TargetTickCount = 4 };
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { TargetTickCount = 10 };
        if (last)
        {
            plot.Axes.Bottom.Label.Text = "seconds";
            plot.Axes.Bottom.Label.FontSize = 12.5f;
            plot.Axes.Bottom.Label.Bold = false;
        }

        foreach (IAxis axis in (IAxis[])[plot.Axes.Bottom, plot.Axes.Left])
        {
            axis.TickLabelStyle.FontSize = 12.5f;
            axis.TickLabelStyle.ForeColor = Color.FromHex("#616e7c");
            axis.MajorTickStyle.Length = 3;
            axis.MinorTickStyle.Length = 0;
            axis.FrameLineStyle.Color = Color.FromHex("#9aa5b1");
        }

        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Color.FromHex("#e4e7eb");
        plot.Layout.Fixed(new PixelPadding(left: LeftMargin, right: 12, bottom: last ? 44 : 24, top: 4));
    }
}
