using System.Globalization;
using System.Text;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Running;
using ScottPlot;
using SkiaSharp;

namespace Backpressure.Simulation.Drawing;

/// <summary>One run of a scenario's part, to be drawn.</summary>
internal sealed record DrawnRun(RunRecord Run, LawUnderTest Law, int Initial);

/// <summary>
/// A scenario as a picture: limit, queue and goodput over time, one above the other; a scenario of several parts has
/// them side by side.
/// </summary>
internal static class Picture
{
    private const int Height = 640;
    private const int OnlyWidth = 1000;
    private const int WidthOfEach = 560;
    private const int Header = 64;
    private const int Margin = 14;
    private const int LegendHeight = 22;

    // Sharp enough on a fine screen, and still a small file.
    private const float Sharpness = 1.5f;
    private const float SharpnessOfSeveral = 1.2f;

    /// <summary>Higher loads are cut off: what matters happens below.</summary>
    private const double MostLoad = 2.6;

    private const int MostPoints = 400;

    private static readonly SKColor _ink = SKColor.Parse("#1f2933");
    private static readonly SKColor _faint = SKColor.Parse("#616e7c");

    /// <summary>Writes PNG or SVG, as the file's name ends.</summary>
    public static void Save(string file, IReadOnlyList<DrawnRun> parts)
    {
        PictureFont.Install();
        int width = parts.Count == 1 ? OnlyWidth : WidthOfEach * parts.Count;
        if (Path.GetExtension(file).Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            using MemoryStream svg = new();
            using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, Height), svg))
            {
                Draw(canvas, parts, width);
            }

            File.WriteAllText(file, PictureFont.EmbedIn(Encoding.UTF8.GetString(svg.ToArray())));
            return;
        }

        float sharpness = parts.Count == 1 ? Sharpness : SharpnessOfSeveral;
        using SKSurface surface = SKSurface.Create(new SKImageInfo((int)(width * sharpness), (int)(Height * sharpness)));
        surface.Canvas.Scale(sharpness);
        Draw(surface.Canvas, parts, width);
        using SKImage image = surface.Snapshot();
        using SKData encoded = image.Encode(SKEncodedImageFormat.Png, 100);
        using FileStream stream = File.Create(file);
        encoded.SaveTo(stream);
    }

    private static void Draw(SKCanvas canvas, IReadOnlyList<DrawnRun> parts, int width)
    {
        canvas.Clear(SKColors.White);
        for (int i = 0; i < parts.Count; i++)
        {
            float left = (float)i * width / parts.Count;
            DrawPart(canvas, parts[i], left, left + ((float)width / parts.Count));
        }
    }

    private static void DrawPart(SKCanvas canvas, DrawnRun drawn, float left, float right)
    {
        RunRecord run = drawn.Run;
        PlantSpec plant = run.Timeline.Plant;
        Text(canvas, Spell($"{run.Timeline.Scenario.Number}: {run.Timeline.Scenario.Title}"), left + Margin, 26, 18, _ink);
        string from = drawn.Law.HasInitial ? string.Create(CultureInfo.InvariantCulture, $", starting at {drawn.Initial}") : "";
        Text(canvas, $"law {drawn.Law.Name}{from}; {Spell(Describe(plant, run.Timeline.Servers))}; seed {run.Trace.Seed}", left + Margin, 47, 13, _faint);

        double secondsAPoint = run.Timeline.End / Math.Min(MostPoints, run.Timeline.Bins);
        Panel panel = new(run.Timeline.Bins, run.Timeline.BinSeconds, secondsAPoint);
        Panel slow = new(run.Timeline.Bins, run.Timeline.BinSeconds, Math.Max(secondsAPoint, 10 * run.Timeline.BinSeconds));
        (IReadOnlyList<Curve> Curves, string Label, double? Most, Panel Panel)[] panels =
        [
            (RunCurves.OfLimit(run), "requests", MostInFlight(run), panel),
            (RunCurves.OfQueue(run), "requests", null, panel),
            (RunCurves.OfGoodput(run), "÷ full capacity", MostLoad, slow),
        ];
        float each = (float)(Height - Header) / panels.Length;
        for (int i = 0; i < panels.Length; i++)
        {
            float top = Header + (i * each);
            Legend(canvas, i == 1 ? "waiting:" : "", panels[i].Curves, left + Margin + 62, top + 14);
            using Plot plot = panels[i].Panel.Draw(
                panels[i].Curves, panels[i].Label, panels[i].Most, run.Timeline.Starts[1..^1], last: i == panels.Length - 1);
            plot.Render(canvas, new PixelRect(left + Margin, right - 4, top + each - 2, top + LegendHeight));
        }
    }

    // A limit that was not yet brought down from 1000 would hide all the rest.
    private static double MostInFlight(RunRecord run)
    {
        int best = run.Timeline.Changes.Max(c => c.BestLimit);
        int[] sorted = [.. run.Limit.Concat(run.InFlight).Order()];
        return sorted[^1] <= 2.5 * best
            ? 1.08 * Math.Max(best, sorted[^1])
            : Math.Max(2 * best, Math.Min(5 * best, 1.15 * sorted[(int)(0.97 * (sorted.Length - 1))]));
    }

    private static string Describe(PlantSpec plant, double servers)
    {
        string words = string.Create(
            CultureInfo.InvariantCulture, $"C = {servers:0.##}, W = {1000 * plant.MeanService:0.##} ms, κ = {plant.Contention:0.##}");
        return PlantList.Groups.Any(g => g.Plants.Contains(plant)) ? $"plant {plant.Name} ({words})" : words;
    }

    // The font has Latin letters only.
    private static string Spell(string text) => text
        .Replace("→", "to", StringComparison.Ordinal)
        .Replace("κ", "contention", StringComparison.Ordinal)
        .Replace("σ", "sigma", StringComparison.Ordinal);

    private static void Legend(SKCanvas canvas, string title, IReadOnlyList<Curve> curves, float x, float baseline)
    {
        if (title.Length > 0)
        {
            x = Text(canvas, title, x, baseline, 12.5f, _faint) + 8;
        }

        foreach (Curve curve in curves)
        {
            using SKPaint paint = new() { Color = SKColor.Parse(curve.Color), IsAntialias = true };
            if (curve.Style == CurveStyle.Area)
            {
                canvas.DrawRect(SKRect.Create(x, baseline - 10, 16, 11), paint);
            }
            else
            {
                using SKPathEffect? dash = curve.Style == CurveStyle.Dashed ? SKPathEffect.CreateDash([5, 3], 0) : null;
                paint.IsStroke = true;
                paint.StrokeWidth = 2;
                paint.PathEffect = dash;
                canvas.DrawLine(x, baseline - 4, x + 18, baseline - 4, paint);
            }

            x = Text(canvas, curve.Name, x + 23, baseline, 12.5f, _ink) + 18;
        }
    }

    /// <summary>Writes a line of text and returns where it ends.</summary>
    private static float Text(SKCanvas canvas, string text, float x, float baseline, float size, SKColor color)
    {
        using SKTypeface typeface = PictureFont.Typeface();
        using SKFont font = new(typeface, size) { Subpixel = true };
        using SKPaint paint = new() { Color = color, IsAntialias = true };
        canvas.DrawText(text, x, baseline, font, paint);
        return x + font.MeasureText(text);
    }
}
