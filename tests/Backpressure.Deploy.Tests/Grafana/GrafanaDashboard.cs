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

    /// <summary>What a panel shows in place of lines when there is no data.</summary>
    public static string SaidWhenEmpty(string panel) =>
        (string?)Json["panels"]!.AsArray().Single(one => (string)one!["title"]! == panel)!["fieldConfig"]!["defaults"]!["noValue"] ?? "";

    public static IReadOnlyList<PanelQuery> Queries(IReadOnlyDictionary<string, string> values)
    {
        PanelQuery[] queries = [.. Json["panels"]!.AsArray().SelectMany(
            static panel => panel!["targets"]?.AsArray() ?? [], (panel, target) => new PanelQuery((string)panel!["title"]!, Expand((string)target!["expr"]!, values)))];
        Assert.All(queries, static query => Assert.DoesNotContain('$', query.Expression));
        return queries;
    }

    /// <summary>Puts every question, and again those that have no answer yet, until all have one.</summary>
    public static async Task AssertAnsweredAsync(PrometheusServer prometheus, IEnumerable<PanelQuery> queries)
    {
        List<PanelQuery> open = [.. queries];
        await prometheus.EventuallyAsync(
            async () =>
            {
                foreach (PanelQuery query in open.ToArray())
                {
                    if ((await prometheus.QueryAsync(query.Expression)).Any(double.IsFinite))
                    {
                        open.Remove(query);
                    }
                }

                return open.Count == 0;
            },
            () => "an answer to " + string.Join('\n', open.Select(static query => $"\"{query.Panel}\": {query.Expression}")));
    }

    private static string Expand(string query, IReadOnlyDictionary<string, string> values) =>
        values.Aggregate(query.Replace("$__rate_interval", "20s", StringComparison.Ordinal), static (text, value) => text.Replace($"${value.Key}", value.Value, StringComparison.Ordinal));

    [GeneratedRegex(@"^label_values\((.+), (\w+)\)$")]
    private static partial Regex LabelValues();
}
