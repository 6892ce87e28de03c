using System.Text;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace FlashSale.Report;

/// <summary>What the samples' pictures have in common: how they are saved, and how they look.</summary>
internal static class Picture
{
    /// <summary>Draws it as PNG, and as SVG beside that.</summary>
    /// <param name="png">The first's path.</param>
    /// <param name="width">As it is shown, in pixels.</param>
    /// <param name="height">As it is shown, in pixels.</param>
    /// <param name="draw">Draws it; called once for each.</param>
    public static void Save(string png, int width, int height, Action<SKCanvas> draw)
    {
        EmbeddedFont.Install();
        using (SKSurface surface = SKSurface.Create(new SKImageInfo(width * 2, height * 2)))
        {
            // Twice the size at which it is shown, for sharp screens.
            surface.Canvas.Scale(2);
            draw(surface.Canvas);
            using SKImage image = surface.Snapshot();
            using SKData encoded = image.Encode(SKEncodedImageFormat.Png, 100);
            using FileStream file = File.Create(png);
            encoded.SaveTo(file);
        }

        using MemoryStream svg = new();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, height), svg))
        {
            draw(canvas);
        }

        File.WriteAllText(Path.ChangeExtension(png, ".svg"), EmbeddedFont.EmbedIn(Encoding.UTF8.GetString(svg.ToArray())));
    }

    /// <summary>A plot among others on one canvas.</summary>
    /// <param name="from">Where its time begins.</param>
    /// <param name="to">And ends.</param>
    /// <param name="top">The highest value that it shows.</param>
    /// <param name="timeTick">Time between two ticks.</param>
    /// <param name="tick">What is between two ticks upwards.</param>
    public static Plot NewPlot(double from, double to, double top, double timeTick, double tick)
    {
        Plot plot = new();

        // It shares the canvas with the other plots.
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Axes.SetLimits(from, to, 0, top);
        plot.Axes.Bottom.TickGenerator = new NumericFixedInterval(timeTick);
        plot.Axes.Left.TickGenerator = new NumericFixedInterval(tick);
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
        plot.Layout.Fixed(new PixelPadding(left: 46, right: 8, bottom: 24, top: 4));
        return plot;
    }

    /// <summary>Shades a stretch of time.</summary>
    public static void Shade(Plot plot, double from, double to, Color color)
    {
        ScottPlot.Plottables.HorizontalSpan span = plot.Add.HorizontalSpan(from, to);
        span.FillStyle.Color = color;
        span.LineStyle.Width = 0;
    }

    public static void Swatch(SKCanvas canvas, SKRect rectangle, SKColor color)
    {
        using SKPaint fill = new() { Color = color };
        canvas.DrawRect(rectangle, fill);
    }

    /// <summary>Writes a line of text and returns where it ends.</summary>
    public static float Text(SKCanvas canvas, string text, float x, float baseline, float size, SKColor color, bool bold)
    {
        using SKTypeface typeface = EmbeddedFont.Typeface(bold);
        using SKFont font = new(typeface, size) { Subpixel = true };
        using SKPaint paint = new() { Color = color, IsAntialias = true };
        canvas.DrawText(text, x, baseline, font, paint);
        return x + font.MeasureText(text);
    }
}
