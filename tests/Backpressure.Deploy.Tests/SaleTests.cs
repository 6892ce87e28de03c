using System.Globalization;
using Backpressure.Deploy.Tests.Grafana;
using Backpressure.Deploy.Tests.Prometheus;
using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests;

/// <summary>Dashboard and alarms on the demonstration itself, as compose puts them up.</summary>
public sealed class SaleTests(Sale sale) : IClassFixture<Sale>
{
    private const string Alarm = "BackpressureFleetDisconnected";

    [Fact]
    public async Task EachQuestionOfTheDashboard_IsAnsweredByFlashSale()
    {
        PrometheusServer prometheus = sale.Require();
        IReadOnlyList<PanelQuery> queries = GrafanaDashboard.Queries(await GrafanaDashboard.ValuesAsync(prometheus));

        Assert.True(queries.Count >= 40);
        await GrafanaDashboard.AssertAnsweredAsync(prometheus, queries);
    }

    [Fact]
    public async Task FleetDisconnectedFires_FromWhenRedisIsKilledUntilItIsBack()
    {
        PrometheusServer prometheus = sale.Require();
        await prometheus.EventuallyAsync(
            async () => (await prometheus.QueryAsync("backpressure_fleet_connected")).SequenceEqual([1]) && !(await prometheus.FiringAsync()).Contains(Alarm), "the store decides");

        await sale.Redis.KillAsync();
        await prometheus.EventuallyAsync(async () => (await prometheus.FiringAsync()).Contains(Alarm), "the alarm fires");
        await prometheus.EventuallyAsync(
            async () => (await prometheus.QueryAsync("rate(backpressure_fleet_decisions_total{backpressure_source=\"fallback\"}[20s]) > 0")).Count > 0, "the fallback decides");

        await sale.Redis.StartProcessAsync();
        await prometheus.EventuallyAsync(async () => !(await prometheus.FiringAsync()).Contains(Alarm), "the alarm is over");
        Assert.Equal([1], await prometheus.QueryAsync("backpressure_fleet_connected"));
    }

    [Fact]
    public async Task SheddingFires_AndTheAlarmForCriticalOnesOnlyIfSuchWereRefused()
    {
        PrometheusServer prometheus = sale.Require();
        await prometheus.EventuallyAsync(async () => (await prometheus.FiringAsync()).Contains("BackpressureShedding"), "BackpressureShedding fires");

        // A busy machine may be too slow even for the checkouts: then the alarm is right.
        double refused = 0;
        IReadOnlyList<string> firing = [];
        await prometheus.EventuallyAsync(
            async () =>
            {
                firing = await prometheus.FiringAsync();
                refused = (await prometheus.QueryAsync("sum(backpressure:refused:rate5m{backpressure_priority=\"critical\"}) or vector(0)")).Single();
                return firing.Contains("BackpressureCriticalRefused") == refused > 0;
            },
            () => string.Create(CultureInfo.InvariantCulture, $"an alarm for critical requests just when such are refused: {refused} a second, firing: {string.Join(", ", firing)}"));

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{refused} critical ones refused a second; firing: {string.Join(", ", firing)}"));
        Assert.DoesNotContain("BackpressureFailedOpen", firing);
        Assert.DoesNotContain("BackpressureSignalStale", firing);
    }
}
