using System.Reflection;
using ScottPlot;
using SkiaSharp;

namespace Backpressure.Simulation.Drawing;

/// <summary>The pictures' font, carried inside this program: they look the same on a machine that has none.</summary>
internal sealed class PictureFont : IFontResolver
{
    public const string Family = "Noto Sans";

    private const string File = "NotoSans-Regular.ttf";

    public static void Install()
    {
        if (Fonts.Default != Family)
        {
            Fonts.FontResolvers.Insert(0, new PictureFont());
            Fonts.Default = Family;
            Fonts.Sans = Family;
        }
    }

    public static SKTypeface Typeface()
    {
        using Stream stream = Open();
        return SKTypeface.FromStream(stream);
    }

    /// <summary>Puts the font into an SVG document.</summary>
    public static string EmbedIn(string svg)
    {
        using MemoryStream bytes = new();
        using Stream stream = Open();
        stream.CopyTo(bytes);
        string style = $"<style>@font-face{{font-family:'{Family}';src:url(data:font/ttf;base64,{Convert.ToBase64String(bytes.ToArray())})}}</style>";
        return svg.Insert(svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal)) + 1, style);
    }

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Family ? Typeface() : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Family ? Typeface() : null;

    private static Stream Open() => Assembly.GetExecutingAssembly().GetManifestResourceStream(File)
        ?? throw new InvalidOperationException($"The font {File} is not embedded in this program.");
}
