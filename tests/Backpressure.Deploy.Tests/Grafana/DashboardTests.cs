using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Backpressure.Deploy.Tests.Prometheus;

namespace Backpressure.Deploy.Tests.Grafana;

/// <summary>No Grafana is at hand, so the dashboard is proved by what it asks: each question is put to a real Prometheus and must be answered.</summary>
[Collection(ObservedCollection.Name)]
public sealed partial class DashboardTests(Observed observed)
{
    private static JsonNode Dashboard => GrafanaDashboard.Json;

    [Fact]
    public void Dashboard_HasItsRowsVariablesAndADescriptionOnEachPanel()
    {
        JsonNode[] panels = [.. Dashboard["panels"]!.AsArray()!];
        JsonNode[] rows = [.. panels.Where(static panel => (string?)panel["type"] == "row")];

        Assert.Equal(
            ["Am I shedding?", "Who waits", "Why", "Limits and signals", "Rate limits", "Fleet", "Streams"], rows.Select(static row => (string)row["title"]!));
        Assert.Equal(["ds", "service", "downstream", "priority"], GrafanaDashboard.Variables().Select(static variable => (string)variable["name"]!));
        Assert.Equal(("backpressure", 39), ((string)Dashboard["uid"]!, (int)Dashboard["schemaVersion"]!));
        Assert.Equal(panels.Length, panels.Select(static panel => (int)panel["id"]!).Distinct().Count());
        Assert.All(panels.Except(rows), static panel => Assert.True(((string?)panel["description"])?.Length > 10, $"{panel["title"]} has no description."));
        Assert.All(panels, static panel => Assert.InRange((int)panel["gridPos"]!["x"]! + (int)panel["gridPos"]!["w"]!, 1, 24));
    }

    [Theory]
    [InlineData("Calls to others that were not sent", "Backpressure.Http")]
    [InlineData("Consumer lag, messages", "Backpressure.Kafka")]
    [InlineData("Consumer lag, time", "Backpressure.Kafka")]
    [InlineData("Consumers: messages done", "Backpressure.Kafka")]
    [InlineData("Consumers: taken and handled now", "Backpressure.Kafka")]
    [InlineData("Consumers wanted", "Backpressure.Kafka")]
    [InlineData("Shared store connected", "Backpressure.Redis")]
    [InlineData("Shared store, round trips", "Backpressure.Redis")]
    [InlineData("Shared limits, decided by", "Backpressure.Redis")]
    public void PanelOfAPackage_WhenEmpty_NamesIt(string panel, string package) =>
        Assert.Contains(package, GrafanaDashboard.SaidWhenEmpty(panel), StringComparison.Ordinal);

    [Fact]
    public async Task EachQuestion_IsAnsweredByARealPrometheus()
    {
        PrometheusServer prometheus = observed.Require();
        IReadOnlyList<PanelQuery> queries = GrafanaDashboard.Queries(await GrafanaDashboard.ValuesAsync(prometheus));

        Assert.True(queries.Count >= 40);
        await GrafanaDashboard.AssertAnsweredAsync(prometheus, queries);
    }

    [Fact]
    public async Task EachVariable_FindsItsValues()
    {
        IReadOnlyDictionary<string, string> values = await GrafanaDashboard.ValuesAsync(observed.Require());

        Assert.Equal("flash-sale", values["service"]);
        Assert.Contains("Default", values["downstream"], StringComparison.Ordinal);
        Assert.Equal("critical|high|low|normal", values["priority"]);
    }

    [Fact]
    public async Task QueriesOfAutoscalers_AreAnsweredByARealPrometheus()
    {
        PrometheusServer prometheus = observed.Require();
        JsonNode rule = Yaml.Read("deploy/kubernetes/components/hpa/prometheus-adapter-values.yaml")["rules"]!["custom"]![0]!;
        string metric = (string)Yaml.Read("deploy/kubernetes/components/hpa/horizontal-pod-autoscaler.yaml")["spec"]!["metrics"]![0]!["pods"]!["metric"]!["name"]!;
        Assert.Equal((string)rule["name"]!["as"]!, metric);
        Assert.Matches((string)rule["name"]!["matches"]!, metric);

        // As the adapter fills it in, with the labels that Prometheus has here in place of namespace and pod.
        string adapter = ((string)rule["metricsQuery"]!).Replace("<<.Series>>", metric, StringComparison.Ordinal)
            .Replace("<<.LabelMatchers>>", "job=\"flash-sale\"", StringComparison.Ordinal).Replace("<<.GroupBy>>", "instance", StringComparison.Ordinal);
        IEnumerable<string> keda = Yaml.Read("deploy/kubernetes/components/keda/scaled-object.yaml")["spec"]!["triggers"]!.AsArray()
            .Select(static trigger => ((string)trigger!["metadata"]!["query"]!).Replace("\"quick-start\"", "\"flash-sale\"", StringComparison.Ordinal));

        foreach (string query in keda.Append(adapter))
        {
            await prometheus.EventuallyAsync(async () => (await prometheus.QueryAsync(query)).Any(double.IsFinite), $"an answer to {query}");
        }
    }

    [Theory]
    [InlineData("deploy/README.md")]
    [InlineData("deploy/ROLLOUT.md")]
    public async Task QueriesOfDocuments_AreAnsweredByARealPrometheus(string document)
    {
        PrometheusServer prometheus = observed.Require();
        string[] queries = [.. Code().Matches(Repository.Read(document))
            .Select(static code => code.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal)).Where(static code => code.Contains("backpressure_", StringComparison.Ordinal))];

        Assert.NotEmpty(queries);
        foreach (string query in queries)
        {
            await prometheus.EventuallyAsync(async () => (await prometheus.QueryAsync(query)).Count > 0, $"an answer to {query}");
        }
    }

    [Fact]
    public void Provisioning_NamesTheFolderAndTheSourceThatComposeGives()
    {
        JsonNode grafana = Yaml.Read("deploy/compose.yml")["services"]!["grafana"]!;
        JsonNode source = Yaml.Read("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]![0]!;
        string folder = (string)Yaml.Read("deploy/grafana/provisioning/dashboards/backpressure.yml")["providers"]![0]!["options"]!["path"]!;

        Assert.Contains(grafana["volumes"]!.AsArray(), mount => (string)mount! == $"./grafana/dashboards:{folder}:ro");
        Assert.Contains(grafana["volumes"]!.AsArray(), static mount => (string)mount! == "./grafana/provisioning:/etc/grafana/provisioning:ro");
        Assert.Equal("${PROMETHEUS_URL}", (string)source["url"]!);
        Assert.Equal("http://flash-sale:9090", (string)grafana["environment"]!["PROMETHEUS_URL"]!);
        Assert.Equal("service:flash-sale", (string)Yaml.Read("deploy/compose.yml")["services"]!["prometheus"]!["network_mode"]!);
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Code();
}
