using System.Net;
using Backpressure.Kafka;
using Backpressure.Kafka.Tests.Broker;
using Backpressure.Redis.Tests;
using Confluent.Kafka;
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
    private readonly RedisServer _redis;
    private readonly Reading _pool;
    private readonly CancellationTokenSource _stop = new();
    private Task _traffic = Task.CompletedTask;

    private EmittingApp(WebApplication app, MockCluster cluster, RedisServer redis, Reading pool)
    {
        _app = app;
        _cluster = cluster;
        _redis = redis;
        _pool = pool;
    }

    public Uri Address => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts it; skips the test where there is no redis-server.</summary>
    public static async Task<EmittingApp> StartAsync()
    {
        RedisServer redis = await RedisServer.StartAsync();
        var cluster = new MockCluster();
        cluster.CreateTopic(Topic, 2);
        cluster.FirstRebalanceAfter(TimeSpan.Zero);

        // More than the consumer can handle while anybody looks.
        await Task.WhenAll(cluster.ProduceAsync(Topic, 0, 5000), cluster.ProduceAsync(Topic, 1, 5000));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddBackpressure(Configure);
        var pool = new Reading("pool", 0);
        builder.Services.AddSingleton<ICapacitySignal>(new Reading("half", 0.5)).AddSingleton<ICapacitySignal>(new Reading("silent", double.NaN)).AddSingleton<ICapacitySignal>(pool);
        builder.Services.AddBackpressureKafkaLag("lag", options =>
        {
            options.BootstrapServers = cluster.Bootstrap;
            options.GroupId = Group;
            options.Topic = Topic;
            options.Interval = TimeSpan.FromSeconds(1);
        });
        builder.Services.AddBackpressureKafkaConsumer<SlowHandler>("billing", options =>
        {
            (options.BootstrapServers, options.GroupId, options.Topic) = (cluster.Bootstrap, Group, Topic);
            (options.HighWatermark, options.MaxConcurrency) = (8, 1);
            (options.OnFailure, options.MaxAttempts, options.HandOverTimeout) = (KafkaFailurePolicy.Skip, 1, TimeSpan.FromSeconds(1));
            options.Client["auto.offset.reset"] = "earliest";
            options.Client["auto.commit.interval.ms"] = "500";
        });
        builder.Services.AddBackpressureRedis(options =>
        {
            // A machine under overload may take its time.
            (options.Configuration, options.Timeout) = (redis.Configuration, TimeSpan.FromSeconds(5));
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

        app.MapGet("/Slow", static (HttpContext context) => Task.Delay(Work * 30, TimeProvider.System, context.RequestAborted)).RequireBackpressure("Slow");
        app.MapGet("/Pooled", static (HttpContext context) => Task.Delay(Work, TimeProvider.System, context.RequestAborted)).RequireBackpressure("Pooled");
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
        return new EmittingApp(app, cluster, redis, pool);
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
        string[] paths = ["/Critical", "/Critical", "/Critical", "/High", "/Normal", "/Normal", "/Low", "/Low", "/Observed", "/Limited", "/stream", "/Slow", "/Pooled"];
        _traffic = Task.WhenAll(Enumerable.Range(0, 4).SelectMany(_ => paths).Select(path => AskAsync(path, "")).Append(AskAsync("/refuse", "self")));
    }

    /// <summary>From now on the pool behind one of its downstreams is empty: that limit comes down to its floor.</summary>
    public void EmptyPool() => _pool.Value = 1;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _traffic;
        await _app.DisposeAsync();
        _cluster.Dispose();
        await _redis.DisposeAsync();
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

        // One after the other, each longer than the wait that is the target.
        options.Downstreams["Slow"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 }, Queue = new QueueOptions { BlockCapacity = 4 } };
        options.Policies["Slow"] = new PolicyOptions { Priority = Priority.High, Overflow = Overflow.Block, MaxWait = TimeSpan.FromSeconds(20), Downstream = "Slow" };
        options.Signals["pool"] = new SignalOptions { Kind = SignalKind.Custom, Soft = 0, Hard = 1 };
        options.Downstreams["Pooled"] = new DownstreamOptions { Limit = new LimitOptions { Initial = 8, Min = 1, Max = 8 }, Queue = new QueueOptions { Capacity = 0 } };
        options.Downstreams["Pooled"].Signals.Add("pool");
        options.Policies["Pooled"] = new PolicyOptions { Priority = Priority.Low, Downstream = "Pooled" };
        options.RateLimits["Tight"] = new RateLimitOptions { TokenLimit = 1, TokensPerPeriod = 1, PartitionBy = "None", Scope = RateLimitScope.Fleet };
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

    // Ten messages a second, and one in five cannot be handled.
    private sealed class SlowHandler : IKafkaMessageHandler
    {
        public async Task HandleAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken)
        {
            await Task.Delay(Work * 2, TimeProvider.System, cancellationToken);
            if (message.Offset.Value % 5 == 4)
            {
                throw new InvalidOperationException("Nobody can handle this one.");
            }
        }
    }

    private sealed class Reading(string name, double value) : ICapacitySignal
    {
        public string Name => name;

        public double Value { get; set; } = value;

        public double Read() => Value;
    }
}
