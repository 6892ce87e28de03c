using ScottPlot;
using SkiaSharp;

namespace FlashSale.Report;

/// <summary>
/// The chart's own font, carried inside this program, so that the chart looks the same on a machine that has no font
/// at all. In SVG files, too, it travels along.
/// </summary>
internal sealed class EmbeddedFont : IFontResolver
{
    public const string Family = "Noto Sans";

    private const string Regular = "NotoSans-Regular.ttf";
    private const string Bold = "NotoSans-Bold.ttf";

    public static void Install()
    {
        Fonts.FontResolvers.Insert(0, new EmbeddedFont());
        Fonts.Default = Family;
        Fonts.Sans = Family;
    }

    public static SKTypeface Typeface(bool bold)
    {
        using Stream stream = Open(bold ? Bold : Regular);
        return SKTypeface.FromStream(stream);
    }

    /// <summary>Puts the font into an SVG document.</summary>
    public static string EmbedIn(string svg)
    {
        string style = $"<style>{Face(Regular, "normal")}{Face(Bold, "bold")}</style>";
        int endOfRootTag = svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal)) + 1;
        return svg.Insert(endOfRootTag, style);
    }

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing)
        => fontName == Family ? Typeface(weight >= FontWeight.SemiBold) : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic)
        => fontName == Family ? Typeface(bold) : null;

    private static string Face(string file, string weight)
    {
        using MemoryStream bytes = new();
        using Stream stream = Open(file);
        stream.CopyTo(bytes);
        return $"@font-face{{font-family:'{Family}';font-weight:{weight};src:url(data:font/ttf;base64,{Convert.ToBase64String(bytes.ToArray())})}}";
    }

    private static Stream Open(string file)
        => typeof(EmbeddedFont).Assembly.GetManifestResourceStream(file) ?? throw new InvalidOperationException($"The font {file} is not embedded in this program.");
}
