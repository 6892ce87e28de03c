using System.Text.RegularExpressions;

namespace Backpressure.Deploy.Tests.Prometheus;

/// <summary>One metric as Prometheus has it.</summary>
/// <param name="Name">Its name, without a histogram's suffix.</param>
/// <param name="Type">Counter, gauge, histogram.</param>
/// <param name="Labels">The labels that are ours.</param>
internal sealed record Metric(string Name, string Type, IReadOnlyList<string> Labels)
{
    /// <summary>The names that a query can ask for.</summary>
    public IEnumerable<string> Queried => Type == "histogram" ? [Name + "_bucket", Name + "_count", Name + "_sum"] : [Name];
}

/// <summary>
/// The names that dashboards, alarms and manifests may use: written from what an application with every instrument exports, and
/// compared with it.
/// </summary>
internal static partial class MetricList
{
    public const string File = "deploy/prometheus/metrics.tsv";

    private const string Header = "metric\ttype\tlabels";

    public static IReadOnlyList<Metric> Committed() =>
        [.. Repository.Read(File).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line => line.Split('\t')).Select(static cells => new Metric(cells[0], cells[1], cells[2].Split(',')))];

    public static string Write(IEnumerable<Metric> metrics) =>
        string.Join('\n', metrics.Select(static metric => $"{metric.Name}\t{metric.Type}\t{string.Join(',', metric.Labels)}").Prepend(Header)) + "\n";

    /// <summary>What a scrape shows of Backpressure.</summary>
    public static IReadOnlyList<Metric> Of(string exposition)
    {
        var types = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var labels = new Dictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (string line in exposition.Split('\n'))
        {
            if (TypeLine().Match(line) is { Success: true } type)
            {
                types[type.Groups[1].Value] = type.Groups[2].Value;
                labels.TryAdd(type.Groups[1].Value, new SortedSet<string>(StringComparer.Ordinal));
            }
            else if (Sample().Match(line) is { Success: true } sample)
            {
                string family = types.Keys.Where(name => sample.Groups[1].Value.StartsWith(name, StringComparison.Ordinal)).MaxBy(static name => name.Length)!;
                labels[family].UnionWith(Label().Matches(sample.Groups[2].Value).Select(static label => label.Groups[1].Value).Where(static name => name.StartsWith("backpressure_", StringComparison.Ordinal)));
            }
        }

        return [.. types.Select(type => new Metric(type.Key, type.Value, [.. labels[type.Key]]))];
    }

    [GeneratedRegex(@"^# TYPE (backpressure_\w+) (\w+)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^(backpressure_\w+)\{([^}]*)\}")]
    private static partial Regex Sample();

    [GeneratedRegex(@"(\w+)=""")]
    private static partial Regex Label();
}
