using System.Text.Json.Nodes;
using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests.Prometheus;

/// <summary>Alarms: valid, each with what an operator needs at three in the morning, tried by promtool and fired for real.</summary>
[Collection(ObservedCollection.Name)]
public sealed class AlarmTests(Observed observed)
{
    private const string Rules = "deploy/prometheus/rules/backpressure.yml";

    private static readonly string[] Tests = ["deploy/prometheus/tests/backpressure.yml", "deploy/prometheus/tests/burn-rate.yml"];

    [Fact]
    public void EachAlarm_SaysWhatWhyAndWhatToDo()
    {
        JsonNode[] alarms = [.. Alarms()];

        Assert.Equal(10, alarms.Length);
        Assert.All(alarms, alarm =>
        {
            string name = (string)alarm["alert"]!;
            Assert.StartsWith("Backpressure", name, StringComparison.Ordinal);
            Assert.Contains((string)alarm["labels"]!["severity"]!, (string[])["critical", "warning"]);
            foreach (string annotation in (string[])["summary", "description", "runbook"])
            {
                Assert.True(((string)alarm["annotations"]![annotation]!).Length > 20, $"{name}: {annotation}");
            }

            Assert.NotNull(alarm["for"]);
        });
    }

    [Fact]
    public void EachAlarm_IsTriedBothWays()
    {
        IEnumerable<JsonNode?> tests = Tests.SelectMany(static file => Yaml.Read(file)["tests"]!.AsArray());
        var fired = new HashSet<string>();
        var silent = new HashSet<string>();
        foreach (JsonNode? check in tests.SelectMany(static test => test!["promql_expr_test"]!.AsArray()))
        {
            string name = ((string)check!["expr"]!).Split('"')[1];
            _ = check["exp_samples"]!.AsArray().Count == 0 ? silent.Add(name) : fired.Add(name);
        }

        Assert.All(Alarms().Select(static alarm => (string)alarm["alert"]!), name =>
        {
            Assert.Contains(name, fired);
            Assert.Contains(name, silent);
        });
    }

    [Fact]
    public async Task Promtool_FindsTheRulesValidAndTheirTestsPassed()
    {
        string promtool = Tool.Require("promtool");

        Assert.Contains("SUCCESS", await Tool.RunAsync(promtool, ["check", "rules", "--lint-fatal", Rules], Repository.Root), StringComparison.Ordinal);
        Assert.Contains("SUCCESS", await Tool.RunAsync(promtool, ["test", "rules", .. Tests], Repository.Root), StringComparison.Ordinal);
        await Tool.RunAsync(promtool, ["check", "config", "--lint-fatal", "deploy/prometheus/prometheus.yml"], Repository.Root);
    }

    [Fact]
    public async Task Overload_FiresTheAlarmsThatItShould_AndNoOther()
    {
        PrometheusServer prometheus = observed.Require();
        string[] expected =
        [
            "BackpressureCriticalRefused", "BackpressureLimitAtFloor", "BackpressureQueueWaitAboveTarget", "BackpressureServedShareBurns",
            "BackpressureServedShareBurnsFast", "BackpressureServedShareBurnsSlowly", "BackpressureShedding", "BackpressureSignalStale",
        ];

        IReadOnlyList<string> firing = [];
        await prometheus.EventuallyAsync(
            async () => expected.All((firing = await prometheus.FiringAsync()).Contains), () => $"{string.Join(", ", expected.Except(firing))} beside {string.Join(", ", firing)}");

        Assert.Equal(expected, await prometheus.FiringAsync());
    }

    [Fact]
    public void OperatorsRules_AreTheSame()
    {
        JsonNode resource = Yaml.Read("deploy/kubernetes/components/prometheus-operator/prometheus-rule.yaml");

        Assert.True(
            JsonNode.DeepEquals(Yaml.Read(Rules)["groups"], resource["spec"]!["groups"]),
            $"The PrometheusRule's groups are not those of {Rules}: copy them there, indented by two more.");
    }

    private static IEnumerable<JsonNode> Alarms() =>
        Yaml.Read(Rules)["groups"]!.AsArray().SelectMany(static group => group!["rules"]!.AsArray()).Where(static rule => rule!["alert"] is not null)!;
}
