using System.Globalization;

namespace Backpressure.Browser.Tests;

/// <summary>What a scrape tells.</summary>
internal static class Exposition
{
    /// <summary>The sum of a metric's series at a downstream that have a label.</summary>
    public static double Sum(string metrics, string metric, string downstream, string label) => metrics.Split('\n')
        .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal)
            && line.Contains($"downstream=\"{downstream}\"", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Sum(static line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
}
