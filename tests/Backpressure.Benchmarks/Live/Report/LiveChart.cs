using System.Text;
using FlashSale.Report;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Backpressure.Benchmarks.Live;

/// <summary>The picture: goodput and what became of the important fifth, by offered load, a line a subject.</summary>
internal static class LiveChart
{
    private const int PanelWidth = 400;
    private const int Height = 380;

    private static readonly Dictionary<string, string> Colors = new()
    {
        [Contender.Backpressure.Name] = "#15803d",
        [Contender.Tuned.Name] = "#3b82c4",
        [Contender.TooHigh.Name] = "#c2410c",
        [Contender.TooLow.Name] = "#b7791f",
        [Contender.Nothing.Name] = "#616e7c",
    };

    private sealed record Panel(string Title, Plant Plant, string Figure, double Top);

    /// <summary>Draws what there is of it; void figures are left out.</summary>
    public static void Save(LiveReport report, string file)
    {
        EmbeddedFont.Install();
        Panel[] panels =
        [
            new("Goodput, over capacity", Overload.Fixed, Overload.Goodput, 1.05),
            new("Goodput, downstream with contention", Overload.Contention, Overload.Goodput, 1.05),
            new("Critical (20 % of load) in time, %, contention", Overload.Contention, Overload.CriticalInTime, 105),
        ];
        panels = [.. panels.Where(p => report.Rows.Any(r => Belongs(r, p)))];
        if (panels.Length == 0)
        {
            Console.WriteLine("No picture: it shows the works whose name begins with 'overload', and none was played.");
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        int width = PanelWidth * panels.Length;
        if (Path.GetExtension(file).Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            using MemoryStream svg = new();
            using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, Height), svg))
            {
                Draw(canvas, report, panels);
            }

            File.WriteAllText(file, EmbeddedFont.EmbedIn(Encoding.UTF8.GetString(svg.ToArray())));
            return;
        }

        using SKSurface surface = SKSurface.Create(new SKImageInfo(width * 2, Height * 2));

        // Twice the size at which it is shown, for sharp screens.
        surface.Canvas.Scale(2);
        Draw(surface.Canvas, report, panels);
        using SKImage image = surface.Snapshot();
        using SKData encoded = image.Encode(SKEncodedImageFormat.Png, 100);
        using FileStream stream = File.Create(file);
        encoded.SaveTo(stream);
    }

    private static bool Belongs(LiveRow row, Panel panel)
        => !row.Void && row.Value is not null && row.Name == panel.Figure && Overload.Loads.Any(load => row.Work == Overload.NameOf(load, panel.Plant));

    private static void Draw(SKCanvas canvas, LiveReport report, Panel[] panels)
    {
        canvas.Clear(SKColors.White);
        for (int i = 0; i < panels.Length; i++)
        {
            using Plot plot = PlotOf(report, panels[i], withLegend: i == 0);
            plot.Render(canvas, new PixelRect(i * PanelWidth, (i + 1) * PanelWidth, Height, 0));
        }
    }

    private static Plot PlotOf(LiveReport report, Panel panel, bool withLegend)
    {
        Plot plot = new();

        // It shares the canvas with the other plots.
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Title(panel.Title, size: 15);
        plot.XLabel("offered load, over capacity", size: 13);
        foreach (Contender contender in Contender.All)
        {
            (double At, double Value)[] points = [.. Overload.Loads
                .Select((load, at) => ((double)at, Row: report.Rows.FirstOrDefault(r => r.Subject == contender.Name && r.Work == Overload.NameOf(load, panel.Plant) && Belongs(r, panel))))
                .Where(p => p.Row is not null)
                .Select(p => (p.Item1, p.Row!.Value!.Value))];
            if (points.Length > 0)
            {
                ScottPlot.Plottables.Scatter line = plot.Add.Scatter(points.Select(p => p.At).ToArray(), points.Select(p => p.Value).ToArray());
                line.Color = Color.FromHex(Colors[contender.Name]);
                line.LineWidth = contender.Guard == Guard.Backpressure ? 3 : 1.8f;
                line.MarkerSize = 7;
                line.LegendText = contender.Guard == Guard.Backpressure ? "Backpressure, untuned" : contender.Name;
            }
        }

        plot.Axes.SetLimits(-0.2, Overload.Loads.Length - 0.8, -0.03 * panel.Top, panel.Top);
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. Overload.Loads.Select((_, at) => (double)at)], [.. Overload.Loads.Select(load => $"{load:0}×")]);
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Color.FromHex("#e4e7eb");
        if (withLegend)
        {
            plot.Legend.FontSize = 11;
            plot.Legend.ShadowColor = Color.FromHex("#ffffff");
            plot.Legend.OutlineColor = Color.FromHex("#e4e7eb");
            plot.ShowLegend(Alignment.LowerLeft);
        }
        else
        {
            plot.HideLegend();
        }

        return plot;
    }
}
