using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Backpressure.AspNetCore.Dashboard;
using Backpressure.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.Dashboard;

public sealed class DashboardFeedTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    [Fact]
    public async Task Events_TellWhatMetricsTell()
    {
        await using Site site = await SiteAsync();
        await using Events events = await Events.OpenAsync(site.Client);
        await events.NextAsync("snapshot");
        AdmissionLease running = await AdmitAsync(site, "Block");
        Task<AdmissionLease> waiting = site.Shedder.AdmitAsync(new AdmissionRequest(site.Shedder.ClassOf("r", "Block", Priority.High)), TestContext.Current.CancellationToken).AsTask();
        Assert.False((await AdmitAsync(site, "Reject", Priority.Low)).IsAdmitted);

        _time.Advance(Second);
        JsonElement gate = (await events.NextAsync("snapshot")).GetProperty("gates")[0];

        Assert.Equal("Default", gate.GetProperty("id").GetString());
        Assert.Equal((1, 1), (gate.GetProperty("limit").GetInt32(), gate.GetProperty("inFlight").GetInt32()));
        Assert.Equal(1, gate.GetProperty("waiting").GetProperty("high").GetInt32());
        Assert.Equal(1, gate.GetProperty("served").GetProperty("normal").GetInt32());
        Assert.Equal(1, gate.GetProperty("refused").GetProperty("low").GetInt32());
        Assert.Equal(1, gate.GetProperty("reasons").GetProperty("limit_reached").GetInt32());
        Assert.Equal(_time.GetUtcNow().AddSeconds(-1).ToUnixTimeMilliseconds(), gate.GetProperty("sheddingSince").GetInt64());
        running.Complete(Outcome.Success);
        AdmissionLease waited = await waiting;
        waited.Complete(Outcome.Success);
    }

    [Fact]
    public async Task Observed_WhatWouldBeServedAndWhatWouldBeRefused_AddUpToWhatWasAsked()
    {
        await using Site site = await DashboardEndpointsTests.OpenSiteAsync(
            time: _time, build: static builder => builder.Services.AddBackpressure(static options => options.Mode = BackpressureMode.Observe));
        await using Events events = await Events.OpenAsync(site.Client);
        await events.NextAsync("snapshot");
        AdmissionLease[] passed = [await AdmitAsync(site, "Reject"), await AdmitAsync(site, "Reject")];

        _time.Advance(Second);
        JsonElement gate = (await events.NextAsync("snapshot")).GetProperty("gates").EnumerateArray().Single(static gate => gate.GetProperty("observed").GetBoolean());

        Assert.All(passed, static lease => Assert.True(lease.IsAdmitted));
        Assert.Equal((1, 1), (gate.GetProperty("served").GetProperty("normal").GetInt32(), gate.GetProperty("refused").GetProperty("normal").GetInt32()));
        Assert.All(passed, static lease => lease.Complete(Outcome.Success));
    }

    [Fact]
    public async Task Events_BeginWithAllThatThereIs()
    {
        await using Site site = await SiteAsync();
        await using Events events = await Events.OpenAsync(site.Client);

        var names = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            names.Add((await events.NextAsync())!.Value.Name);
        }

        Assert.Equal(["changes", "configuration", "snapshot"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rates_AreOfTheLastSecond()
    {
        await using Site site = await SiteAsync();
        await using Events events = await Events.OpenAsync(site.Client);
        await events.NextAsync("snapshot");
        for (int i = 0; i < 6; i++)
        {
            AdmissionLease lease = await AdmitAsync(site, "Reject", Priority.High);
            lease.Complete(Outcome.Success);
        }

        _time.Advance(Second);

        JsonElement snapshot = await events.NextAsync("snapshot");
        string[] fields = [.. snapshot.GetProperty("fields").EnumerateArray().Select(static field => field.GetString()!)];
        JsonElement row = snapshot.GetProperty("gates")[0].GetProperty("row");
        Assert.Equal(fields.Length, row.GetArrayLength());
        Assert.Equal(6, row[Array.IndexOf(fields, "served.high")].GetDouble());
        Assert.Equal(0, row[Array.IndexOf(fields, "served.low")].GetDouble());
    }

    [Fact]
    public async Task History_IsThereForAPageThatOpensLate()
    {
        await using Site site = await SiteAsync();
        for (int second = 0; second < 700; second++)
        {
            if (second == 650)
            {
                AdmissionLease lease = await AdmitAsync(site, "Reject");
                lease.Complete(Outcome.Success);
            }

            _time.Advance(Second);
        }

        JsonElement history = JsonElement.Parse(await site.Client.GetStringAsync("/backpressure/history?gate=Default", TestContext.Current.CancellationToken));

        string[] fields = [.. history.GetProperty("fields").EnumerateArray().Select(static field => field.GetString()!)];
        JsonElement rows = history.GetProperty("rows");
        Assert.Equal(600, rows.GetArrayLength());
        int served = Array.IndexOf(fields, "served.normal") + 1;
        Assert.Equal(1, rows.EnumerateArray().Sum(row => row[served].GetDouble()));
        double[] times = [.. rows.EnumerateArray().Select(static row => row[0].GetDouble())];
        Assert.Equal(599, times[^1] - times[0]);
        Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds(), times[^1]);
    }

    [Fact]
    public async Task WhileNobodyWatches_NothingIsWritten()
    {
        await using Site site = await SiteAsync();
        DashboardFeed feed = site.App.Services.GetRequiredService<DashboardFeed>();

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Null(site.Shedder.Taken);
        using (feed.Watch())
        {
            Assert.Equal(1, feed.Read().Frame.Number);
            Assert.NotNull(site.Shedder.Taken);
        }

        Assert.Null(site.Shedder.Taken);
        _time.Advance(TimeSpan.FromMinutes(1));
        using (feed.Watch())
        {
            Assert.Equal(2, feed.Read().Frame.Number);
        }
    }

    [Fact]
    public async Task SlowReader_GetsTheNewestWhenItIsReadyAgain()
    {
        await using Site site = await SiteAsync();
        DashboardFeed feed = site.App.Services.GetRequiredService<DashboardFeed>();
        using IDisposable watching = feed.Watch();
        var seen = default(FeedPosition);
        (FeedFrame first, Task next) = feed.Read();
        Assert.Equal(3, first.Since(ref seen).Count());

        // It writes its first frame for five seconds.
        _time.Advance(5 * Second);

        Assert.True(next.IsCompleted);
        (FeedFrame later, Task after) = feed.Read();
        Assert.False(after.IsCompleted);
        Assert.Equal(first.Number + 5, later.Number);
        ReadOnlyMemory<byte> part = Assert.Single(later.Since(ref seen));
        Assert.Equal(later.Snapshot, part.ToArray());
        Assert.Empty(later.Since(ref seen));
    }

    [Fact]
    public async Task SlowReader_OfABlockedConnection_HoldsUpNobody()
    {
        await using Site site = await Site.StartOnKestrelAsync(
            static app =>
            {
                app.UseBackpressure();
                app.MapBackpressureDashboard();
            },
            builder => DashboardEndpointsTests.AddOpen(builder, _time));
        DashboardFeed feed = site.App.Services.GetRequiredService<DashboardFeed>();
        using var blocked = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await blocked.ConnectAsync(IPAddress.Loopback, site.Address.Port, TestContext.Current.CancellationToken);
        await blocked.SendAsync("GET /backpressure/events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await using Events events = await Events.OpenAsync(site.Client);
        JsonElement last = await events.NextAsync("snapshot");

        // Far more than all buffers between the two hold.
        for (int second = 0; second < 800; second++)
        {
            _time.Advance(Second);
            if (second % 50 == 0)
            {
                last = await events.NextAsync("snapshot");
            }
        }

        long newest = _time.GetUtcNow().ToUnixTimeMilliseconds();
        while (last.GetProperty("at").GetInt64() < newest - 1000)
        {
            last = await events.NextAsync("snapshot");
        }

        using IDisposable watching = feed.Watch();
        Assert.InRange(feed.Read().Frame.Number, 800, 810);
    }

    [Fact]
    public async Task HundredPages_AreSentOneFrameThatWasWrittenOnce()
    {
        await using Site site = await SiteAsync();
        DashboardFeed feed = site.App.Services.GetRequiredService<DashboardFeed>();
        var pages = new List<Events>();
        for (int i = 0; i < 100; i++)
        {
            pages.Add(await Events.OpenAsync(site.Client));
            await pages[^1].NextAsync("snapshot");
        }

        long before = feed.Read().Frame.Number;
        _time.Advance(Second);

        long at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (Events page in pages)
        {
            Assert.Equal(at, (await page.NextAsync("snapshot")).GetProperty("at").GetInt64());
        }

        Assert.Equal(before + 1, feed.Read().Frame.Number);
        using HttpResponseMessage another = await site.Client.GetAsync("/backpressure/events", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, another.StatusCode);
        foreach (Events page in pages)
        {
            await page.DisposeAsync();
        }
    }

    [Fact]
    public async Task Frame_IsSmallAndAllocatesLittle()
    {
        await using Site site = await SiteAsync();
        DashboardFeed feed = site.App.Services.GetRequiredService<DashboardFeed>();
        using IDisposable watching = feed.Watch();
        _time.Advance(100 * Second);
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        _time.Advance(Second);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - bytes, 1, 100_000);
        Assert.InRange(feed.Read().Frame.Snapshot.Length, 100, 5_000);
    }

    [Fact]
    public async Task Changes_AreSentWhenThereAreSome()
    {
        await using Site site = await SiteAsync();
        await using Events events = await Events.OpenAsync(site.Client);
        Assert.Equal(0, (await events.NextAsync("changes")).GetArrayLength());
        await events.NextAsync("snapshot");
        AdmissionLease running = await AdmitAsync(site, "Reject");
        await AdmitAsync(site, "Reject");

        _time.Advance(Second);

        JsonElement change = (await events.NextAsync("changes"))[0];
        Assert.Equal((nameof(StateChangeKind.SheddingBegan), "Default"), (change.GetProperty("kind").GetString(), change.GetProperty("subject").GetString()));
        running.Complete(Outcome.Success);
    }

    [Fact]
    public async Task Reload_ThatIsRefused_IsToldByWhereItIsWrongAndNotByItsValue()
    {
        await using Site site = await DashboardEndpointsTests.OpenSiteAsync(time: _time, build: static builder =>
        {
            builder.Configuration["Backpressure:Policies:Default:MaxWait"] = null;
            builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        });

        site.App.Configuration["Backpressure:Policies:Shed:MaxWait"] = "not-to-be-shown";
        ((IConfigurationRoot)site.App.Configuration).Reload();

        StateChange change = Assert.Single(site.Shedder.Changes.Read().DistinctBy(static change => change.Text));
        Assert.Equal(StateChangeKind.ReloadRejected, change.Kind);
        Assert.Contains("Backpressure:Policies:Shed:MaxWait", change.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("not-to-be-shown", change.Text, StringComparison.Ordinal);
    }

    private static async Task<AdmissionLease> AdmitAsync(Site site, string policy, Priority? priority = null) =>
        await site.Shedder.AdmitAsync(new AdmissionRequest(site.Shedder.ClassOf("r", policy, priority)), TestContext.Current.CancellationToken);

    private Task<Site> SiteAsync() => DashboardEndpointsTests.OpenSiteAsync(time: _time);
}
