using Backpressure.Admission;
using Backpressure.AspNetCore.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.AspNetCore.Tests.Dashboard;

public sealed class PartitionLedgerTests
{
    [Fact]
    public void Heaviest_AreByWhatTheyTook()
    {
        using var shedder = new LoadShedder(new BackpressureOptions());
        var ledger = new PartitionLedger(shedder);
        long second = TimeProvider.System.TimestampFrequency;
        ledger.Take(HandOf("light"), second);
        ledger.Take(HandOf("heavy"), 3 * second);
        ledger.Take(HandOf("middle"), 2 * second);

        IReadOnlyList<PartitionShare> heaviest = ledger.Heaviest(2);

        Assert.Equal([3, 2], heaviest.Select(static share => share.Seconds));
        Assert.Equal(0.5, heaviest[0].Share);
        Assert.All(heaviest, static share => Assert.Matches("^#[0-9a-f]{8}$", share.Name));
    }

    [Fact]
    public void HeavyOne_IsFoundAmongAnyNumberOfOthers_InBoundedMemory()
    {
        using var shedder = new LoadShedder(new BackpressureOptions());
        var ledger = new PartitionLedger(shedder);
        for (int i = 0; i < 20_000; i++)
        {
            ledger.Take(HandOf($"other {i}"), 100);
            if (i % 10 == 0)
            {
                ledger.Take(HandOf("heavy"), 100);
            }
        }

        Assert.Equal($"#{HandOf("heavy").Packed:x8}", ledger.Heaviest(1)[0].Name);
        Assert.InRange(ledger.Heaviest(int.MaxValue).Count, 1, PartitionLedger.Most);
    }

    [Fact]
    public void HalfAMinute_CountsHalf()
    {
        using var shedder = new LoadShedder(new BackpressureOptions());
        var ledger = new PartitionLedger(shedder);
        ledger.Take(HandOf("one"), TimeProvider.System.TimestampFrequency);
        for (int second = 0; second < 30; second++)
        {
            ledger.Age();
        }

        Assert.Equal(0.5, ledger.Heaviest(1)[0].Seconds, 0.001);
    }

    [Theory]
    [InlineData(false, "^#[0-9a-f]{8}$")]
    [InlineData(true, "^header:tenant-7$")]
    public async Task Names_AreShownOnlyWhereAllowed(bool allowed, string expected)
    {
        using var handler = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapBackpressureDashboard(configure: options => options.ShowPartitionNames = allowed);
                app.MapGet("/work", handler.RunAsync).RequireBackpressure("Shed");
            },
            builder =>
            {
                DashboardEndpointsTests.AddOpen(builder, null);
                builder.Services.AddBackpressure(static options => options.PartitionBy = "Header:X-Tenant");
            });
        DashboardFeed feed = site.App.Services.GetRequiredService<DashboardFeed>();
        using IDisposable watching = feed.Watch();
        site.Client.DefaultRequestHeaders.Add("X-Tenant", "tenant-7");

        // The first has it an account, the second its name.
        Task<HttpResponseMessage>[] all = [.. Enumerable.Range(0, 4).Select(_ => site.Client.GetAsync("/work", TestContext.Current.CancellationToken))];
        await site.WaitersAsync(3);
        for (int i = 0; i < 3; i++)
        {
            await handler.EnteredAsync();
            handler.Release();
        }

        await handler.EnteredAsync();
        Task<HttpResponseMessage> late = site.Client.GetAsync("/work", TestContext.Current.CancellationToken);
        await site.WaitersAsync(1);
        handler.Release(2);
        await Task.WhenAll([.. all, late]);

        Assert.Matches(expected, Assert.Single(feed.Partitions.Heaviest(5)).Name);
    }

    private static PartitionHand HandOf(string name) => PartitionHand.Of(PartitionHash.Of(name));
}
