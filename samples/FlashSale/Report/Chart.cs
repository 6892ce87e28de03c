using System.Globalization;
using ScottPlot;
using SkiaSharp;

namespace FlashSale.Report;

/// <summary>The picture: an act a row, what was served on the left, memory on the right.</summary>
internal static class Chart
{
    private const int Width = 1200;
    private const int HeaderHeight = 118;
    private const int RowHeight = 212;
    private const int RowTitleHeight = 30;
    private const int FooterHeight = 30;
    private const int MemoryLeft = 846;
    private const int Margin = 16;

    private static readonly SKColor Ink = SKColor.Parse("#1f2933");
    private static readonly SKColor Faint = SKColor.Parse("#616e7c");

    private static readonly Dictionary<string, string> PriorityColors = new()
    {
        ["Critical"] = "#c2410c",
        ["Normal"] = "#3b82c4",
        ["Low"] = "#b9cfe2",
    };

    private static readonly Dictionary<ChartTone, string> ToneColors = new()
    {
        [ChartTone.Lost] = "#c2410c",
        [ChartTone.Middling] = "#616e7c",
        [ChartTone.Whole] = "#15803d",
    };

    private const string MemoryColor = "#6b4fa0";

    /// <summary>Writes <c>flash-sale.png</c> and <c>flash-sale.svg</c>, and returns the path of the first.</summary>
    public static string Save(ChartData data, string folder)
    {
        Directory.CreateDirectory(folder);
        string png = Path.Combine(folder, "flash-sale.png");
        int height = HeaderHeight + (data.Rows.Count * RowHeight) + FooterHeight;

        Picture.Save(png, Width, height, canvas => Draw(canvas, data, height));
        return png;
    }

    private static void Draw(SKCanvas canvas, ChartData data, int height)
    {
        canvas.Clear(SKColors.White);
        DrawHeader(canvas, data);
        double mostServed = Math.Max(data.CapacityPerSecond, data.Rows.Max(r => r.Seconds.Select((_, i) => r.ServedPerSecond.Values.Sum(s => s[i])).Max()));
        double mostMemory = data.Rows.Max(r => r.MemoryMiB.Length == 0 ? 0 : r.MemoryMiB.Max());
        for (int i = 0; i < data.Rows.Count; i++)
        {
            ChartRow row = data.Rows[i];
            float top = HeaderHeight + (i * RowHeight);
            float titleEnd = Picture.Text(canvas, row.Title, Margin, top + 20, 16, Ink, bold: true);
            Picture.Text(canvas, row.Remark, titleEnd + 12, top + 20, 14.5f, SKColor.Parse(ToneColors[row.Tone]), bold: false);

            using Plot served = ServedPlot(row, data, mostServed * 1.12);
            served.Render(canvas, new PixelRect(Margin, MemoryLeft - 12, top + RowHeight - 6, top + RowTitleHeight));
            using Plot memory = MemoryPlot(row, mostMemory * 1.15);
            memory.Render(canvas, new PixelRect(MemoryLeft, Width - Margin, top + RowHeight - 6, top + RowTitleHeight));
        }

        Picture.Text(canvas, "seconds (the first three are warm-up)", 330, height - 12, 13, Faint, bold: false);
        Picture.Text(canvas, "seconds", 1000, height - 12, 13, Faint, bold: false);
    }

    private static void DrawHeader(SKCanvas canvas, ChartData data)
    {
        Picture.Text(canvas, string.Create(CultureInfo.InvariantCulture, $"A flash sale: {data.OfferedPerSecond:N0} requests a second for a shop that can serve {data.CapacityPerSecond:N0}"), Margin, 34, 24, Ink, bold: true);
        Picture.Text(canvas, "The same shop, the same load, 64 MiB of heap; only what stands between clients and database differs.", Margin, 58, 14.5f, Faint, bold: false);

        float x = Margin;
        const float baseline = 96;
        Picture.Text(canvas, "Served a second", x, baseline, 15, Ink, bold: true);
        x = 148;
        foreach (string priority in Scenario.Priorities)
        {
            Picture.Swatch(canvas, SKRect.Create(x, baseline - 12, 16, 14), SKColor.Parse(PriorityColors[priority]));
            string routes = string.Join(", ", Scenario.Routes.Where(r => r.Priority == priority).Select(r => r.Route switch
            {
                ShopRoute.Checkout => "checkouts",
                ShopRoute.Product => "products",
                ShopRoute.Recommendation => "recommendations",
                _ => "analytics",
            }));
            x = Picture.Text(canvas, $"{priority}: {routes}", x + 22, baseline, 13.5f, Ink, bold: false) + 16;
        }

        using SKPaint dash = new() { Color = Ink, StrokeWidth = 1.6f, IsStroke = true, PathEffect = SKPathEffect.CreateDash([5, 4], 0) };
        canvas.DrawLine(x, baseline - 5, x + 26, baseline - 5, dash);
        Picture.Text(canvas, "checkouts asked for", x + 31, baseline, 13.5f, Ink, bold: false);
        Picture.Text(canvas, "Memory (MiB)", MemoryLeft + 46, baseline, 15, Ink, bold: true);
    }

    private static Plot ServedPlot(ChartRow row, ChartData data, double top)
    {
        Plot plot = NewPlot(row, top);
        double[] floor = new double[row.Seconds.Length];
        foreach (string priority in Scenario.Priorities)
        {
            double[] ceiling = [.. floor.Zip(row.ServedPerSecond[priority], (a, b) => a + b)];
            ScottPlot.Plottables.FillY band = plot.Add.FillY(row.Seconds, floor, ceiling);
            band.FillColor = Color.FromHex(PriorityColors[priority]);
            band.LineWidth = 0;
            band.MarkerSize = 0;
            floor = ceiling;
        }

        ScottPlot.Plottables.HorizontalLine asked = plot.Add.HorizontalLine(data.CheckoutsPerSecond);
        asked.LineColor = Color.FromHex("#1f2933");
        asked.LinePattern = LinePattern.Dashed;
        asked.LineWidth = 1.6f;
        MarkCrash(plot, row, top);
        return plot;
    }

    private static Plot MemoryPlot(ChartRow row, double top)
    {
        Plot plot = NewPlot(row, top);
        ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(row.MemorySeconds, row.MemoryMiB);
        line.LineColor = Color.FromHex(MemoryColor);
        line.LineWidth = 2.2f;
        line.FillY = true;
        line.FillYColor = Color.FromHex(MemoryColor).WithAlpha(.15);
        MarkCrash(plot, row, top);
        return plot;
    }

    private static Plot NewPlot(ChartRow row, double top)
    {
        double start = Math.Floor(row.Seconds[0]);
        Plot plot = Picture.NewPlot(start, Math.Ceiling(row.Seconds[^1]), top, timeTick: 3, tick: top > 1000 ? 500 : top > 300 ? 200 : 50);
        Picture.Shade(plot, start, 0, Color.FromHex("#1f2933").WithAlpha(.05));
        return plot;
    }

    private static void MarkCrash(Plot plot, ChartRow row, double top)
    {
        if (row.CrashSecond is not { } second)
        {
            return;
        }

        ScottPlot.Plottables.VerticalLine line = plot.Add.VerticalLine(second);
        line.LineColor = Color.FromHex(PriorityColors["Critical"]);
        line.LineWidth = 2;
        ScottPlot.Plottables.Text label = plot.Add.Text("the app has died", second + 0.25, top * 0.93);
        label.LabelFontColor = Color.FromHex(PriorityColors["Critical"]);
        label.LabelFontSize = 14;
        label.LabelBold = true;
    }
}
