using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Tests.Hosting;

public sealed class HostingTests
{
    [Fact]
    public async Task AddBackpressure_CalledAgain_AddsNothingTwice()
    {
        var configuration = new ConfigurationManager();
        var services = new ServiceCollection();
        services.AddSingleton<IHostApplicationLifetime>(new Lifetime());

        services.AddBackpressure().AddBackpressure(configuration).AddBackpressure(configuration).AddBackpressure(Site.OneAtATime).AddBackpressure(Site.OneAtATime);

        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Single(provider.GetServices<IHostedService>());
        Assert.Single(provider.GetServices<LoadShedder>());
        Assert.Equal(2, provider.GetServices<Backpressure.AspNetCore.Hosting.OptionsStep>().Count());
    }

    [Fact]
    public async Task AddBackpressure_CodeAndConfiguration_AddUpAndConfigurationHasTheLastWord()
    {
        var configuration = new ConfigurationManager();
        configuration["Backpressure:Downstreams:Default:Limit:Value"] = "7";
        IConfigurationSection section = configuration.GetSection("Backpressure");
        await using Site site = await Site.StartAsync(
            app => app.UseBackpressure(),
            builder => builder.Services.AddBackpressure(section).AddBackpressure(Site.OneAtATime).AddBackpressure(configuration.GetSection("Backpressure")));

        Assert.Equal(7, site.Measure("backpressure.limit"));
        Assert.NotNull(site.Shedder.Settings.FindPolicy("Block"));
    }

    [Fact]
    public async Task Start_WithASectionThatIsNotThere_SaysThatDefaultsAreInForce()
    {
        await using Site site = await Site.StartAsync(
            app => app.UseBackpressure(),
            builder => builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpresure")));

        Assert.Contains(site.Logs.GetSnapshot(), log => log.Level == LogLevel.Warning && log.Message.Contains("'Backpresure'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithWrongConfiguration_FailsWithEveryError()
    {
        WebApplicationBuilder builder = Site.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Configuration["Backpressure:Mode"] = "Enforced";
        builder.Configuration["Backpressure:Downstreams:Db:Limit:Minimum"] = "3";
        builder.Configuration["Backpressure:Routes:all:Match:Path"] = "/orders/{id";
        builder.Configuration["Backpressure:Routes:all:Policy"] = "Default";
        builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        await using WebApplication app = builder.Build();
        app.UseBackpressure();

        var error = await Assert.ThrowsAsync<BackpressureOptionsException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(3, error.Errors.Count);
        Assert.Contains(error.Errors, text => text.StartsWith("Backpressure:Mode ", StringComparison.Ordinal));
        Assert.Contains(error.Errors, text => text.StartsWith("Backpressure:Downstreams:Db:Limit:Minimum", StringComparison.Ordinal));
        Assert.Contains(error.Errors, text => text.StartsWith("Backpressure:Routes:all:Match:Path (\"/orders/{id\")", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithoutUseBackpressure_StillChecksTheConfiguration()
    {
        WebApplicationBuilder builder = Site.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddBackpressure(options => options.Policies["Default"] = new PolicyOptions { Downstream = "nowhere" });
        await using WebApplication app = builder.Build();

        await Assert.ThrowsAsync<BackpressureOptionsException>(() => app.StartAsync(TestContext.Current.CancellationToken));
    }

    // The framework's middleware throws for an unknown policy at each request.
    [Fact]
    public async Task Start_WhenEndpointsNameUnknownPolicies_FailsWithEachOfThem()
    {
        WebApplicationBuilder builder = Site.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddBackpressure(Site.OneAtATime);
        await using WebApplication app = builder.Build();
        app.UseBackpressure();
        app.MapGet("/a", () => "a").RequireBackpressure("Chekout");
        app.MapGet("/b", () => "b").RequireBackpressure("Other");
        app.MapGet("/c", () => "c").RequireBackpressure("block");

        var error = await Assert.ThrowsAsync<BackpressureOptionsException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(2, error.Errors.Count);
        Assert.Contains("/a", error.Errors[0], StringComparison.Ordinal);
        Assert.Contains("\"Chekout\"", error.Errors[0], StringComparison.Ordinal);
        Assert.Contains("Block, Default, Reject, Shed, Stream", error.Errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndpointAddedLater_WithUnknownPolicy_GetsTheDefaultPolicyAndOneLog()
    {
        await using Site site = await Site.StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.SetEndpoint(Late);
                return next(context);
            });
            app.UseBackpressure();
            app.Run(context => context.Response.WriteAsync(context.Features.Get<IBackpressureFeature>()!.Policy));
        });

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("Default", await site.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        Assert.Single(site.Logs.GetSnapshot(), record => record.Message.Contains("Chekout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task UseBackpressure_WithoutServices_SaysWhatToCall()
    {
        WebApplicationBuilder builder = Site.CreateBuilder();
        await using WebApplication app = builder.Build();

        var error = Assert.Throws<InvalidOperationException>(() => app.UseBackpressure());

        Assert.Contains("builder.Services.AddBackpressure(", error.Message, StringComparison.Ordinal);
    }

    // The framework's policies are frozen at start; Farfetch has no reload.
    [Fact]
    public async Task Reload_ChangesTheLimitForTheNextRequest()
    {
        var configuration = OneSlot();
        await using Site site = await StartAsync(configuration);

        configuration["Downstreams:Default:Limit:Value"] = "9";
        ((IConfigurationRoot)configuration).Reload();

        Assert.Equal(9, site.Measure("backpressure.limit"));
    }

    // As a configuration provider of a remote store does, whose first refresh comes while the host starts.
    [Fact]
    public async Task Change_WhileTheHostStarts_IsNotLost()
    {
        var configuration = OneSlot();
        await using Site site = await Site.StartAsync(
            app => app.UseBackpressure(),
            builder => builder.Services.AddHostedService(_ => new Refresher(configuration)).AddBackpressure(configuration));

        Assert.Equal(9, site.Measure("backpressure.limit"));
    }

    [Fact]
    public async Task Reload_ThatChangesNothing_IsNotAnnounced()
    {
        var configuration = OneSlot();
        await using Site site = await StartAsync(configuration);
        var before = site.Shedder.Settings;

        ((IConfigurationRoot)configuration).Reload();

        Assert.Same(before, site.Shedder.Settings);
        Assert.DoesNotContain(site.Logs.GetSnapshot(), record => record.Message.Contains("configuration", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reload_ThatIsWrong_KeepsTheLastGoodLogsEveryErrorAndGoesOnListening()
    {
        var configuration = OneSlot();
        await using Site site = await StartAsync(configuration);

        configuration["Downstreams:Default:Limit:Value"] = "none";
        configuration["Routes:x:Match:Path"] = "/{a}/{a}";
        configuration["Routes:x:Policy"] = "Default";
        site.Logs.Clear();
        ((IConfigurationRoot)configuration).Reload();
        string[] errors = [.. site.Logs.GetSnapshot().Where(record => record.Level == LogLevel.Error).Select(record => record.Message)];
        long kept = site.Measure("backpressure.limit");
        configuration["Downstreams:Default:Limit:Value"] = "5";
        configuration["Routes:x:Match:Path"] = "/{a}/{b}";
        ((IConfigurationRoot)configuration).Reload();

        Assert.Equal(1, kept);
        Assert.Contains(errors, text => text.Contains("Downstreams:Default:Limit:Value", StringComparison.Ordinal));
        Assert.Contains(errors, text => text.Contains("Routes:x:Match:Path", StringComparison.Ordinal));
        Assert.Equal(5, site.Measure("backpressure.limit"));
    }

    [Fact]
    public async Task Reload_WithoutAPolicyThatAnEndpointNames_IsNotApplied()
    {
        var configuration = OneSlot();
        configuration["Policies:Checkout:Priority"] = "Critical";
        await using Site site = await StartAsync(configuration, app => app.MapGet("/", () => "here").RequireBackpressure("Checkout"));

        configuration["Policies:Checkout:Priority"] = null;
        configuration["Policies:Checkout"] = null;
        configuration.Sources.Clear();
        configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Mode"] = "Off" });
        ((IConfigurationRoot)configuration).Reload();

        Assert.NotNull(site.Shedder.Settings.FindPolicy("Checkout"));
        Assert.Contains(site.Logs.GetSnapshot(), record => record.Message.Contains("\"Checkout\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reload_ToModeOff_LetsThoseThroughThatWait()
    {
        using var busy = new BusyHandler();
        var configuration = OneSlot();
        configuration["Policies:Default:Overflow"] = "Block";
        await using Site site = await StartAsync(configuration, app => app.MapGet("/", busy.RunAsync));
        Task<HttpResponseMessage>[] all = [.. Enumerable.Range(0, 5).Select(_ => site.Client.GetAsync("/", TestContext.Current.CancellationToken))];
        await busy.EnteredAsync();
        await site.WaitersAsync(4);

        configuration["Mode"] = "Off";
        ((IConfigurationRoot)configuration).Reload();

        await busy.EnteredAsync(4);
        busy.Release(5);
        Assert.All(await Task.WhenAll(all), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task Reload_UnderLoad_LosesNoWaiterAndNoSlot()
    {
        var configuration = OneSlot();
        configuration["Policies:Default:Overflow"] = "Block";
        configuration["Policies:Default:MaxWait"] = "00:01:00";
        await using Site site = await StartAsync(configuration, app => app.MapGet("/", async () => await Task.Yield()));
        Task clients = Task.WhenAll([.. Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                using HttpResponseMessage response = await site.Client.GetAsync("/", CancellationToken.None);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }))]);

        int reloads = 0;
        for (; !clients.IsCompleted; reloads++)
        {
            configuration["Downstreams:Default:Limit:Value"] = $"{1 + (reloads % 7)}";
            configuration["Policies:Default:Priority"] = reloads % 2 == 0 ? "High" : "Low";
            ((IConfigurationRoot)configuration).Reload();
            await Task.Yield();
        }

        await clients.WaitAsync(Site.Patience, TestContext.Current.CancellationToken);
        Assert.True(reloads > 1);
        await site.ActiveAsync(0);
        Assert.Equal(0, site.Measure("backpressure.queue.depth"));
    }

    [Fact]
    public async Task Reload_ByCode_IsFollowedByTheRoutesToo()
    {
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.Run(context => context.Response.WriteAsync(context.Features.Get<IBackpressureFeature>()!.Policy));
        });
        string before = await site.Client.GetStringAsync("/x", TestContext.Current.CancellationToken);
        var options = new BackpressureOptions();
        options.Policies["New"] = new PolicyOptions();
        options.Routes["x"] = new RouteOptions { Match = { Path = "/x" }, Policy = "New" };

        site.Shedder.Reconfigure(options);

        Assert.Equal("Default", before);
        Assert.Equal("New", await site.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Shutdown_UnderLoad_RefusesNewAndShedServesBlockedAndRunning()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/block", busy.RunAsync).RequireBackpressure("Block");
            app.MapGet("/shed", busy.RunAsync).RequireBackpressure("Shed");
        });
        Task<HttpResponseMessage> running = site.Client.GetAsync("/block", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        Task<HttpResponseMessage> blocked = site.Client.GetAsync("/block", TestContext.Current.CancellationToken);
        Task<HttpResponseMessage> shed = site.Client.GetAsync("/shed", TestContext.Current.CancellationToken);
        await site.WaitersAsync(2);

        site.App.Lifetime.StopApplication();
        HttpResponseMessage late = await site.Client.GetAsync("/block", TestContext.Current.CancellationToken);
        HttpResponseMessage shedResponse = await shed;
        busy.Release(2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
        Assert.Contains("shutting_down", await late.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, shedResponse.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await running).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await blocked).StatusCode);
        await site.ActiveAsync(0);
    }

    private static readonly Endpoint Late = new(null, new EndpointMetadataCollection(new BackpressureAttribute("Chekout")), "late");

    private static ConfigurationManager OneSlot() => new()
    {
        ["Downstreams:Default:Limit:Algorithm"] = "Fixed",
        ["Downstreams:Default:Limit:Value"] = "1",
    };

    private static Task<Site> StartAsync(IConfiguration configuration, Action<WebApplication>? map = null) => Site.StartAsync(
        app =>
        {
            app.UseBackpressure();
            map?.Invoke(app);
        },
        builder => builder.Services.AddBackpressure(configuration));

    private sealed class Refresher(ConfigurationManager configuration) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            configuration["Downstreams:Default:Limit:Value"] = "9";
            ((IConfigurationRoot)configuration).Reload();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication()
        {
        }
    }
}
