using System.Globalization;
using Backpressure;
using Chain.Running;
using FlashSale.Report;
using ScottPlot;
using SkiaSharp;

namespace Chain.Report;

/// <summary>The picture: a run a row; what was served, what Payments was asked, and what Edge's gate did.</summary>
internal static class Chart
{
    private const int Width = 1200;
    private const int HeaderHeight = 118;
    private const int RowHeight = 236;
    private const int RowTitleHeight = 30;
    private const int FooterHeight = 30;
    private const int Margin = 16;
    private const int AttemptsLeft = 560;
    private const int GateLeft = 868;

    private const double Interval = 0.5;

    private const string AttemptsColor = "#6b4fa0";
    private const string LimitColor = "#15803d";
    private const string RefusedColor = "#b91c1c";

    private static readonly SKColor Ink = SKColor.Parse("#1f2933");
    private static readonly SKColor Faint = SKColor.Parse("#616e7c");

    private static readonly Dictionary<Priority, string> PriorityColors = new()
    {
        [Priority.Critical] = "#c2410c",
        [Priority.Normal] = "#3b82c4",
        [Priority.Low] = "#b9cfe2",
    };

    /// <summary>Writes <c>chain.png</c> and <c>chain.svg</c>, and returns the path of the first.</summary>
    public static string Save(Run without, Run with, string folder)
    {
        Directory.CreateDirectory(folder);
        string png = Path.Combine(folder, "chain.png");
        const int height = HeaderHeight + (2 * RowHeight) + FooterHeight;
        ChartRow[] rows = [ChartRow.From(without, Interval), ChartRow.From(with, Interval)];

        Picture.Save(png, Width, height, canvas => Draw(canvas, rows, height));
        return png;
    }

    private static void Draw(SKCanvas canvas, ChartRow[] rows, int height)
    {
        canvas.Clear(SKColors.White);
        DrawHeader(canvas);
        double mostServed = Math.Max(Scenario.OfferedPerSecond * 1.25, rows.Max(r => r.Seconds.Select((_, i) => r.ServedPerSecond.Values.Sum(s => s[i])).Max()));
        double mostAttempts = Math.Max(2, rows.Max(r => r.Attempts.Max()));
        for (int i = 0; i < rows.Length; i++)
        {
            ChartRow row = rows[i];
            float top = HeaderHeight + (i * RowHeight);
            float titleEnd = Picture.Text(canvas, row.Title, Margin, top + 20, 16, Ink, bold: true);
            Picture.Text(canvas, row.Remark, titleEnd + 12, top + 20, 14.5f, SKColor.Parse(row.Run.Protected ? LimitColor : RefusedColor), bold: false);
            using Plot served = ServedPlot(row, mostServed * 1.08);
            Render(served, canvas, Margin, AttemptsLeft - 12, top);
            using Plot attempts = AttemptsPlot(row, mostAttempts * 1.1);
            Render(attempts, canvas, AttemptsLeft, GateLeft - 12, top);
            if (row.Run.Protected)
            {
                using Plot gate = GatePlot(row);
                Render(gate, canvas, GateLeft, Width - Margin, top);
            }
            else
            {
                Picture.Text(canvas, "It has no gate.", GateLeft + 46, top + 110, 14.5f, Faint, bold: false);
            }
        }

        Picture.Text(canvas, "seconds; shaded: Payments is slow", 190, height - 12, 13, Faint, bold: false);
        Picture.Text(canvas, "seconds", 690, height - 12, 13, Faint, bold: false);
        Picture.Text(canvas, "seconds", 1000, height - 12, 13, Faint, bold: false);
    }

    private static void DrawHeader(SKCanvas canvas)
    {
        Picture.Text(canvas, string.Create(CultureInfo.InvariantCulture, $"Edge calls Checkout calls Payments, which takes {Scenario.SlowedTimes} times as long for {Scenario.Slowed.TotalSeconds:N0} s"), Margin, 34, 24, Ink, bold: true);
        Picture.Text(canvas, string.Create(CultureInfo.InvariantCulture, $"{Scenario.OfferedPerSecond:N0} requests a second for what can do {Scenario.CapacityPerSecond:N0}, and {Scenario.SlowedCapacityPerSecond:N0} while it is slow. Each caller tries up to {Scenario.MoreAttempts + 1} times, with the same time-outs."), Margin, 58, 14.5f, Faint, bold: false);
        const float baseline = 96;
        Picture.Text(canvas, "Served a second", Margin, baseline, 15, Ink, bold: true);
        float x = 148;
        foreach ((Priority priority, _) in Scenario.Mix)
        {
            Picture.Swatch(canvas, SKRect.Create(x, baseline - 12, 16, 14), SKColor.Parse(PriorityColors[priority]));
            x = Picture.Text(canvas, priority.ToString(), x + 22, baseline, 13.5f, Ink, bold: false) + 14;
        }

        using SKPaint dash = new() { Color = Ink, StrokeWidth = 1.6f, IsStroke = true, PathEffect = SKPathEffect.CreateDash([5, 4], 0) };
        canvas.DrawLine(x, baseline - 5, x + 26, baseline - 5, dash);
        Picture.Text(canvas, "asked for", x + 31, baseline, 13.5f, Ink, bold: false);
        Picture.Text(canvas, "At Payments for one at Edge", AttemptsLeft + 46, baseline, 15, Ink, bold: true);
        x = Picture.Text(canvas, "Edge's gate:", GateLeft + 46, baseline, 15, Ink, bold: true) + 10;
        x = Picture.Text(canvas, "limit", x, baseline, 13.5f, SKColor.Parse(LimitColor), bold: true) + 10;
        Picture.Text(canvas, "refused a second", x, baseline, 13.5f, SKColor.Parse(RefusedColor), bold: true);
    }

    private static Plot ServedPlot(ChartRow row, double top)
    {
        Plot plot = NewPlot(top, tick: 25);
        double[] floor = new double[row.Seconds.Length];
        foreach ((Priority priority, _) in Scenario.Mix)
        {
            double[] ceiling = [.. floor.Zip(row.ServedPerSecond[priority], (a, b) => a + b)];
            ScottPlot.Plottables.FillY band = plot.Add.FillY(row.Seconds, floor, ceiling);
            band.FillColor = Color.FromHex(PriorityColors[priority]);
            band.LineWidth = 0;
            band.MarkerSize = 0;
            floor = ceiling;
        }

        ScottPlot.Plottables.HorizontalLine asked = plot.Add.HorizontalLine(Scenario.OfferedPerSecond);
        asked.LineColor = Color.FromHex("#1f2933");
        asked.LinePattern = LinePattern.Dashed;
        asked.LineWidth = 1.6f;
        return plot;
    }

    private static Plot AttemptsPlot(ChartRow row, double top)
    {
        Plot plot = NewPlot(top, tick: top > 6 ? 2 : 1);
        Line(plot, row.Seconds, row.Attempts, AttemptsColor);
        return plot;
    }

    private static Plot GatePlot(ChartRow row)
    {
        double top = Math.Max(row.Limit.Max(), row.RefusedPerSecond.Max()) * 1.1;
        Plot plot = NewPlot(top, tick: top > 1000 ? 500 : top > 300 ? 100 : 50);
        Line(plot, row.Seconds, row.RefusedPerSecond, RefusedColor);
        Line(plot, row.Seconds, row.Limit, LimitColor);
        return plot;
    }

    private static void Line(Plot plot, double[] seconds, double[] values, string color)
    {
        ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(seconds, values);
        line.LineColor = Color.FromHex(color);
        line.LineWidth = 2.2f;
        line.FillY = true;
        line.FillYColor = Color.FromHex(color).WithAlpha(.12);
    }

    private static Plot NewPlot(double top, double tick)
    {
        Plot plot = Picture.NewPlot(-Scenario.Before.TotalSeconds, (Scenario.End - Scenario.SlowFrom).TotalSeconds, top, timeTick: 5, tick);
        Picture.Shade(plot, 0, Scenario.Slowed.TotalSeconds, Color.FromHex("#d97706").WithAlpha(.13));
        return plot;
    }

    private static void Render(Plot plot, SKCanvas canvas, int left, int right, float top)
        => plot.Render(canvas, new PixelRect(left, right, top + RowHeight - 6, top + RowTitleHeight));
}
