using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.HealthChecks;

public sealed class BackpressureHealthCheckTests
{
    private static readonly string[] Own = ["own"];

    [Fact]
    public async Task Ready_WhileCriticalIsRefused_Is503InItsSlots_AndLiveIs200AllAlong()
    {
        var time = new FakeTimeProvider();
        var leave = new TaskCompletionSource();
        await using Site site = await StartAsync(time, leave.Task);
        Task<HttpResponseMessage> running = GetAsync(site, "/busy");
        await site.ActiveAsync(1);
        var seen = new List<HttpStatusCode>();

        for (int second = 0; second < 240; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(site, "/busy")).StatusCode);
            seen.Add((await GetAsync(site, "/ready")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(site, "/live")).StatusCode);
        }

        // A slot of 15 s in each minute, at places drawn by lot. Four minutes that begin anywhere hold three whole periods and parts of
        // two more: three slots at least, five at most.
        Assert.InRange(seen.Count(status => status == HttpStatusCode.ServiceUnavailable), 3 * 15, 5 * 15);
        leave.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await running).StatusCode);
        time.Advance(TimeSpan.FromSeconds(11));
        HealthReport calm = await ReportAsync(site);
        Assert.Equal(HealthStatus.Healthy, calm.Status);
        Assert.Equal("Nothing critical is refused and no queue is long.", calm.Entries["backpressure"].Description);
    }

    [Fact]
    public async Task Ready_WhileAQueueIsLong_IsDegradedAndStill200()
    {
        var time = new FakeTimeProvider();
        var leave = new TaskCompletionSource();
        await using Site site = await StartAsync(time, leave.Task);
        Task<HttpResponseMessage>[] all = [.. Enumerable.Range(0, 3).Select(_ => GetAsync(site, "/patient"))];
        await site.WaitersAsync(2);

        HealthReport report = await ReportAsync(site);

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal("2 requests wait for Default, whose limit is 1.", report.Entries["backpressure"].Description);
        Assert.Equal(2, report.Entries["backpressure"].Data["waiting"]);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(site, "/ready")).StatusCode);
        leave.SetResult();
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task Ready_WhileOnlyLowIsRefused_IsHealthy()
    {
        var time = new FakeTimeProvider();
        var leave = new TaskCompletionSource();
        await using Site site = await StartAsync(time, leave.Task);
        Task<HttpResponseMessage> running = GetAsync(site, "/busy");
        await site.ActiveAsync(1);
        for (int second = 0; second < 130; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(site, "/low")).StatusCode);
            Assert.Equal(HealthStatus.Healthy, (await ReportAsync(site)).Status);
        }

        leave.SetResult();
        await running;
    }

    [Fact]
    public async Task AddBackpressure_Twice_GivesTwoChecksWithTheirOwnOptionsAndTags()
    {
        await using ServiceProvider services = new ServiceCollection().AddBackpressure()
            .AddHealthChecks().AddBackpressure().AddBackpressure("strict", Own, options => options.LongQueue = 0.1).Services.BuildServiceProvider();

        HealthReport report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["backpressure", "strict"], report.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["ready"], report.Entries["backpressure"].Tags);
        Assert.Equal(Own, report.Entries["strict"].Tags);
    }

    [Fact]
    public void AddBackpressure_WithWrongOptions_NamesEveryError()
    {
        BackpressureOptionsException error = Assert.Throws<BackpressureOptionsException>(() => new ServiceCollection().AddHealthChecks().AddBackpressure(configure: static options =>
        {
            options.LongQueue = 0;
            options.CriticalShare = 1.5;
            options.Window = TimeSpan.Zero;
            options.MaxUnready = TimeSpan.FromHours(1);
            options.MaxUnreadyShare = double.NaN;
        }));

        Assert.Equal(5, error.Errors.Count);
        Assert.Equal(
            "BackpressureHealthOptions.LongQueue (0) of the health check 'backpressure' must be above 0, at most 1000. Set it there, or leave it out for its default.",
            error.Errors[0]);
        Assert.Contains("MaxUnreadyShare (NaN)", error.Errors[4], StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> GetAsync(Site site, string path) => site.Client.GetAsync(path, TestContext.Current.CancellationToken);

    private static Task<HealthReport> ReportAsync(Site site) =>
        site.App.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

    private static Task<Site> StartAsync(FakeTimeProvider time, Task leave) => Site.StartAsync(
        app =>
        {
            app.UseBackpressure();
            app.MapGet("/busy", async (HttpContext _) => await leave).RequireBackpressure("Busy");
            app.MapGet("/patient", async (HttpContext _) => await leave).RequireBackpressure("Block");
            app.MapGet("/low", static (HttpContext _) => Task.CompletedTask).RequireBackpressure("Reject").WithPriority(Priority.Low);
            app.MapHealthChecks("/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready") });
            app.MapHealthChecks("/live", new HealthCheckOptions { Predicate = static _ => false });
        },
        builder =>
        {
            builder.WebHost.UseTestServer();
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddBackpressure(Site.OneAtATime);
            builder.Services.AddBackpressure(static options =>
                options.Policies["Busy"] = new PolicyOptions { Priority = Priority.Critical, Overflow = Overflow.Reject });
            builder.Services.AddHealthChecks().AddBackpressure();
        });
}
