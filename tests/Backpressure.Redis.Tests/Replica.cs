using System.Net;
using Backpressure.Redis.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Backpressure.Redis.Tests;

/// <summary>One host of a fleet, in process, with one limit <c>L</c> on everything.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly WebApplication _app;
    private HttpClient? _client;

    private Replica(WebApplication app) => _app = app;

    public LoadShedder Shedder => _app.Services.GetRequiredService<LoadShedder>();

    public FleetLimits Fleet => _app.Services.GetRequiredService<FleetLimits>();

    public FakeLogCollector Logs => _app.Services.GetFakeLogCollector();

    public IConfigurationRoot Configuration => (IConfigurationRoot)_app.Configuration;

    /// <summary>The keys of a window of ten minutes, which does not end within a test.</summary>
    public static Dictionary<string, string?> Window(int permits, string algorithm = "FixedWindow") => new()
    {
        ["RateLimits:L:Algorithm"] = algorithm,
        ["RateLimits:L:PermitLimit"] = $"{permits}",
        ["RateLimits:L:Window"] = "00:10:00",
    };

    /// <summary>The keys of a bucket that gets a token in ten minutes, which does not end within a test.</summary>
    public static Dictionary<string, string?> Bucket(int tokens) => new()
    {
        ["RateLimits:L:TokenLimit"] = $"{tokens}",
        ["RateLimits:L:TokensPerPeriod"] = "1",
        ["RateLimits:L:ReplenishmentPeriod"] = "00:10:00",
    };

    /// <summary>Builds one without starting it.</summary>
    public static Replica Build(string redis, Dictionary<string, string?> keys, TimeProvider? time = null, Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.Sources.Clear();
        var all = new Dictionary<string, string?>
        {
            ["Downstreams:Default:Limit:Algorithm"] = "Fixed",
            ["Downstreams:Default:Limit:Value"] = "10000",
            ["Policies:Default:RateLimit"] = "L",
            ["RateLimits:L:Scope"] = "Fleet",
            ["RateLimits:L:PartitionBy"] = "Header:X-Api-Key",
            ["Redis:Configuration"] = redis,
        };
        foreach ((string key, string? value) in keys)
        {
            all[key] = value;
        }

        builder.Configuration.AddInMemoryCollection(all.Select(static pair => KeyValuePair.Create("Backpressure:" + pair.Key, pair.Value)));
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddFakeLogging().SetMinimumLevel(LogLevel.Information);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddBackpressureRedis(builder.Configuration.GetSection("Backpressure:Redis"));
        builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.UseBackpressure();
        app.MapGet("/", static () => "served");
        return new Replica(app);
    }

    public static async Task<Replica> StartAsync(
        string redis, Dictionary<string, string?> keys, TimeProvider? time = null, Action<IServiceCollection>? services = null, bool connects = true)
    {
        Replica replica = Build(redis, keys, time, services);
        await replica.StartAsync();
        if (connects)
        {
            await Eventually.TrueAsync(() => replica.Fleet.IsConnected, "the store decides");
        }

        return replica;
    }

    public async Task StartAsync()
    {
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _client = _app.GetTestClient();
    }

    public async Task<HttpStatusCode> GetAsync(string key)
    {
        using HttpResponseMessage response = await SendAsync(key);
        return response.StatusCode;
    }

    public async Task<HttpResponseMessage> SendAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-Api-Key", key);
        return await _client!.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Asks the engine itself: what needs no answer from elsewhere is decided when this returns.</summary>
    public Task<AdmissionLease> AskAsync(string key) =>
        Shedder.AdmitAsync(new AdmissionRequest(Shedder.ClassOf("/")) { Partition = key }, TestContext.Current.CancellationToken).AsTask();

    public long DecidedBy(DecisionSource source) => Fleet.Metrics.DecidedBy(source);

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _app.DisposeAsync();
    }
}
