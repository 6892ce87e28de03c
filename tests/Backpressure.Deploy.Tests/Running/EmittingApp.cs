using System.Net;
using Backpressure.Kafka.Tests.Broker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Backpressure.Deploy.Tests.Running;

/// <summary>
/// An application on loopback under several times what it can do, in which every instrument of every package has something to say:
/// what dashboards and alarms are tried on.
/// </summary>
internal sealed class EmittingApp : IAsyncDisposable
{
    private const string Topic = "orders";
    private const string Group = "billing";

    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(50);

    // The refused come back so late that being refused is no work to speak of.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly WebApplication _app;
    private readonly MockCluster _cluster;
    private readonly CancellationTokenSource _stop = new();
    private Task _traffic = Task.CompletedTask;

    private EmittingApp(WebApplication app, MockCluster cluster)
    {
        _app = app;
        _cluster = cluster;
    }

    public Uri Address => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    public static async Task<EmittingApp> StartAsync()
    {
        var cluster = new MockCluster();
        cluster.CreateTopic(Topic, 1);
        await cluster.ProduceAsync(Topic, 0, 500);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddBackpressure(Configure);
        builder.Services.AddSingleton<ICapacitySignal>(new Reading("half", 0.5)).AddSingleton<ICapacitySignal>(new Reading("silent", double.NaN));
        builder.Services.AddBackpressureKafkaLag("lag", options =>
        {
            options.BootstrapServers = cluster.Bootstrap;
            options.GroupId = Group;
            options.Topic = Topic;
            options.Interval = TimeSpan.FromSeconds(1);
        });
        builder.Services.AddHttpClient("self").AddBackpressure();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("Backpressure", "Backpressure.Kafka", "System.Runtime", "Microsoft.AspNetCore.Hosting").AddPrometheusExporter());
        WebApplication app = builder.Build();
        app.UseBackpressure();
        foreach (string policy in (string[])["Critical", "High", "Normal", "Low", "Observed", "Limited"])
        {
            app.MapGet($"/{policy}", static (HttpContext context) => Task.Delay(Work, TimeProvider.System, context.RequestAborted)).RequireBackpressure(policy);
        }

        app.MapGet("/stream", static async (HttpContext context) =>
        {
            await context.Response.StartAsync();
            await Task.Delay(Work * 4, TimeProvider.System, context.RequestAborted);
        }).RequireBackpressure("Stream");
        app.MapGet("/refuse", static (HttpContext context) =>
        {
            context.Response.Headers.RetryAfter = "30";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }).DisableBackpressure();
        app.MapPrometheusScrapingEndpoint("/metrics").DisableBackpressure();
        await app.StartAsync();
        return new EmittingApp(app, cluster);
    }

    /// <summary>What Prometheus would get.</summary>
    public async Task<string> ScrapeAsync()
    {
        using var client = new HttpClient { BaseAddress = Address };
        return await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
    }

    /// <summary>Loads it until it is disposed of.</summary>
    public void Load()
    {
        string[] paths = ["/Critical", "/Critical", "/Critical", "/High", "/Normal", "/Normal", "/Low", "/Low", "/Observed", "/Limited", "/stream"];
        _traffic = Task.WhenAll(Enumerable.Range(0, 4).SelectMany(_ => paths).Select(path => AskAsync(path, "")).Append(AskAsync("/refuse", "self")).Append(ConsumeAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _traffic;
        await _app.DisposeAsync();
        _cluster.Dispose();
        _stop.Dispose();
    }

    private static void Configure(BackpressureOptions options)
    {
        options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 8 }, Queue = new QueueOptions { Capacity = 6, BlockCapacity = 2 } };
        foreach (string signal in (string[])["half", "silent", "lag"])
        {
            options.Signals[signal] = new SignalOptions { Kind = SignalKind.Custom, Soft = 0, Hard = signal == "lag" ? 1e9 : 1, StaleAfter = TimeSpan.FromSeconds(signal == "lag" ? 10 : 1) };
            options.Downstreams["Default"].Signals.Add(signal);
        }

        options.RateLimits["Tight"] = new RateLimitOptions { TokenLimit = 1, TokensPerPeriod = 1, PartitionBy = "None" };
        options.Policies["Critical"] = new PolicyOptions { Priority = Priority.Critical, Overflow = Overflow.Block, MaxWait = TimeSpan.FromMilliseconds(500) };
        options.Policies["High"] = new PolicyOptions { Priority = Priority.High };
        options.Policies["Normal"] = new PolicyOptions { Priority = Priority.Normal };
        options.Policies["Low"] = new PolicyOptions { Priority = Priority.Low };
        options.Policies["Observed"] = new PolicyOptions { Mode = BackpressureMode.Observe, Overflow = Overflow.Reject };
        options.Policies["Limited"] = new PolicyOptions { RateLimit = "Tight" };
        options.Policies["Stream"] = new PolicyOptions { HoldUntil = HoldUntil.ResponseStart };
    }

    private async Task AskAsync(string path, string name)
    {
        using HttpClient client = Services.GetRequiredService<IHttpClientFactory>().CreateClient(name);
        client.BaseAddress = Address;
        using var pace = new PeriodicTimer(Pause);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using HttpResponseMessage response = await client.GetAsync(path, _stop.Token);
                if (!response.IsSuccessStatusCode)
                {
                    await pace.WaitForNextTickAsync(_stop.Token);
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // It ends, or the next one is asked.
            }
        }
    }

    // A group that does ten messages a second.
    private async Task ConsumeAsync()
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            for (long offset = 10; offset < 400; offset += 10)
            {
                await Task.Run(() => _cluster.Commit(Group, Topic, offset), _stop.Token);
                await pace.WaitForNextTickAsync(_stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    private sealed class Reading(string name, double value) : ICapacitySignal
    {
        public string Name => name;

        public double Read() => value;
    }
}
