using System.Security.Cryptography;
using System.Text;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>
/// The page: one document that holds its own style and script, and asks nobody else for anything. Put together once, from the
/// files in <c>Page/</c>; what may run in it is said by their digests.
/// </summary>
internal sealed class PageContent
{
    private static readonly string[] Styles = ["uPlot.min.css", "page.css", "tables.css"];
    private static readonly string[] Scripts = ["format.js", "rings.js", "charts.js", "headline.js", "tables.js", "stream.js", "page.js"];
    private static readonly Lazy<PageContent> Made = new(static () => new PageContent());

    private PageContent()
    {
        string style = string.Concat(Styles.Select(Read));

        // One scope for all, so that the page's names are nobody else's.
        string script = $"\"use strict\";\n{Read("uPlot.iife.min.js")}\n(() => {{\n{string.Concat(Scripts.Select(Read))}}})();\n";
        string html = Read("page.html")
            .Replace("/*style*/", style, StringComparison.Ordinal)
            .Replace("/*script*/", script, StringComparison.Ordinal);
        Html = Encoding.UTF8.GetBytes(html);
        ContentSecurityPolicy = $"default-src 'none'; script-src 'sha256-{DigestOf(script)}'; style-src 'sha256-{DigestOf(style)}'; connect-src 'self'; "
            + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    public static PageContent Instance => Made.Value;

    public ReadOnlyMemory<byte> Html { get; }

    public string ContentSecurityPolicy { get; }

    private static string DigestOf(string text) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Read(string file)
    {
        using Stream stream = typeof(PageContent).Assembly.GetManifestResourceStream($"Backpressure.Dashboard.{file}")
            ?? throw new InvalidOperationException($"The assembly was built without its resource Backpressure.Dashboard.{file}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);

        // A parser reads line ends as \n, and digests are of what it reads.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
