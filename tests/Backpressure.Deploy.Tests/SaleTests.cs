using System.Globalization;
using Backpressure.Deploy.Tests.Grafana;
using Backpressure.Deploy.Tests.Prometheus;
using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests;

/// <summary>Dashboard and alarms on the demonstration itself, as compose puts them up.</summary>
public sealed class SaleTests(Sale sale) : IClassFixture<Sale>
{
    /// <summary>Panels about packages that FlashSale does not use; <see cref="EmittingApp"/> answers them.</summary>
    private static readonly Dictionary<string, string> NotOfASale = new(StringComparer.Ordinal)
    {
        ["Calls to others that were not sent"] = "Backpressure.Http",
        ["Consumer lag, messages"] = "Backpressure.Kafka",
        ["Consumer lag, time"] = "Backpressure.Kafka",
        ["Consumers: messages done"] = "Backpressure.Kafka",
        ["Consumers: taken and handled now"] = "Backpressure.Kafka",
        ["Consumers wanted"] = "Backpressure.Kafka",
    };

    [Fact]
    public async Task EachQuestionOfTheDashboard_IsAnsweredByFlashSale()
    {
        PrometheusServer prometheus = sale.Require();
        IReadOnlyList<PanelQuery> queries = GrafanaDashboard.Queries(await GrafanaDashboard.ValuesAsync(prometheus));

        await GrafanaDashboard.AssertAnsweredAsync(prometheus, queries.Where(static query => !NotOfASale.ContainsKey(query.Panel)));

        // One that is answered all the same is named in vain.
        foreach (PanelQuery query in queries.Where(static query => NotOfASale.ContainsKey(query.Panel)))
        {
            Assert.Empty(await prometheus.QueryAsync(query.Expression));
        }
    }

    [Fact]
    public void EachPanelThatFlashSaleLeavesEmpty_SaysWhatItNeeds_AndTheDocumentationNamesIt()
    {
        string documentation = Repository.Read("deploy/README.md");

        Assert.All(NotOfASale, static panel => Assert.Contains(panel.Value, GrafanaDashboard.SaidWhenEmpty(panel.Key), StringComparison.Ordinal));
        Assert.All(NotOfASale.Keys, panel => Assert.Contains($"*{panel}*", documentation, StringComparison.Ordinal));
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
