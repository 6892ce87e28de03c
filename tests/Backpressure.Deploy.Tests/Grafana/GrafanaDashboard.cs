using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Backpressure.Deploy.Tests.Prometheus;

namespace Backpressure.Deploy.Tests.Grafana;

/// <summary>What a panel asks, with the variables filled in.</summary>
internal sealed record PanelQuery(string Panel, string Expression);

/// <summary>The committed dashboard, read as Grafana reads it.</summary>
internal static partial class GrafanaDashboard
{
    public static JsonNode Json { get; } = JsonNode.Parse(Repository.Read("deploy/grafana/dashboards/backpressure.json"))!;

    public static IEnumerable<JsonNode> Variables() => Json["templating"]!["list"]!.AsArray()!;

    /// <summary>The variables' values, found as Grafana finds them: one after the other, all chosen.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ValuesAsync(PrometheusServer prometheus)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonNode variable in Variables().Where(static variable => (string)variable["type"]! == "query"))
        {
            Match query = LabelValues().Match(Expand((string)variable["query"]!["query"]!, values));
            Assert.True(query.Success);
            IReadOnlyList<string> found = await prometheus.LabelValuesAsync(query.Groups[2].Value, query.Groups[1].Value);
            Assert.NotEmpty(found);
            values[(string)variable["name"]!] = string.Join('|', found);
        }

        return values;
    }

    public static IReadOnlyList<PanelQuery> Queries(IReadOnlyDictionary<string, string> values)
    {
        PanelQuery[] queries = [.. Json["panels"]!.AsArray().SelectMany(
            static panel => panel!["targets"]?.AsArray() ?? [], (panel, target) => new PanelQuery((string)panel!["title"]!, Expand((string)target!["expr"]!, values)))];
        Assert.All(queries, static query => Assert.DoesNotContain('$', query.Expression));
        return queries;
    }

    private static string Expand(string query, IReadOnlyDictionary<string, string> values) =>
        values.Aggregate(query.Replace("$__rate_interval", "20s", StringComparison.Ordinal), static (text, value) => text.Replace($"${value.Key}", value.Value, StringComparison.Ordinal));

    [GeneratedRegex(@"^label_values\((.+), (\w+)\)$")]
    private static partial Regex LabelValues();
}
