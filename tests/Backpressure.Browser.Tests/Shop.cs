using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Backpressure.Browser.Tests;

/// <summary>A small shop on loopback with the page and /metrics, and customers who ask for more than it can do.</summary>
internal sealed class Shop : IAsyncDisposable
{
    /// <summary>Generous: only a test that fails waits for so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;

    private Shop(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    public Uri Address { get; }

    public Uri Page => new(Address, "/backpressure");

    public LoadShedder Shedder => _app.Services.GetRequiredService<LoadShedder>();

    public static async Task<Shop> OpenAsync(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development, ApplicationName = "Shop" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter("Backpressure").AddPrometheusExporter());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddBackpressure(static options =>
        {
            options.Downstreams["OrdersDb"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 4 }, Queue = new QueueOptions { Capacity = 16 }, Signals = { "cpu" } };
            options.Downstreams["Default"] = new DownstreamOptions();
            options.Signals["cpu"] = new SignalOptions { Kind = SignalKind.Cpu, Soft = 50, Hard = 60 };
            options.Policies["Checkout"] = new PolicyOptions { Priority = Priority.Critical, Overflow = Overflow.Block, Downstream = "OrdersDb" };
            options.Policies["Products"] = new PolicyOptions { Priority = Priority.Normal, Downstream = "OrdersDb" };
            options.Policies["Analytics"] = new PolicyOptions { Priority = Priority.Low, Downstream = "OrdersDb" };
        });
        WebApplication app = builder.Build();
        app.UseBackpressure();
        app.MapBackpressureDashboard();
        app.MapPrometheusScrapingEndpoint("/metrics").DisableBackpressure();
        foreach (string policy in new[] { "Checkout", "Products", "Analytics" })
        {
            app.MapGet($"/{policy}", static (TimeProvider time) => Task.Delay(TimeSpan.FromMilliseconds(40), time)).RequireBackpressure(policy);
        }

        await app.StartAsync(TestContext.Current.CancellationToken);
        return new Shop(app, new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
    }

    /// <summary>Customers who ask again as soon as they are answered, until what is returned is disposed of; then all have their answers.</summary>
    public Customers Sell() => new(Address);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    internal sealed class Customers : IAsyncDisposable
    {
        private readonly CancellationTokenSource _closing = new();
        private readonly HttpClient _client;
        private readonly Task _all;

        public Customers(Uri address)
        {
            _client = new HttpClient { BaseAddress = address, Timeout = Patience };
            string[] paths = [.. Enumerable.Repeat("/Checkout", 2), .. Enumerable.Repeat("/Products", 12), .. Enumerable.Repeat("/Analytics", 20)];
            _all = Task.WhenAll(paths.Select(AskAsync));
        }

        public async ValueTask DisposeAsync()
        {
            await _closing.CancelAsync();
            await _all;
            _client.Dispose();
            _closing.Dispose();
        }

        private async Task AskAsync(string path)
        {
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!_closing.IsCancellationRequested)
            {
                using HttpResponseMessage answer = await _client.GetAsync(path);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    await pause.WaitForNextTickAsync();
                }
            }
        }
    }
}
