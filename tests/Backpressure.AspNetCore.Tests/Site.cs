using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Backpressure.AspNetCore.Tests;

/// <summary>One application under test, in process or on a loopback port.</summary>
internal sealed class Site : IAsyncDisposable
{
    /// <summary>Generous: only a test that fails waits for so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private Site(WebApplication app, HttpClient client, Uri address)
    {
        App = app;
        Client = client;
        Address = address;
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public Uri Address { get; }

    public LoadShedder Shedder => App.Services.GetRequiredService<LoadShedder>();

    public FakeLogCollector Logs => App.Services.GetFakeLogCollector();

    /// <summary>Limits and policies of most tests: one request at a time, of which the policy's name says what happens to others.</summary>
    public static void OneAtATime(BackpressureOptions options)
    {
        options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 } };
        options.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Reject };
        options.Policies["Reject"] = new PolicyOptions { Overflow = Overflow.Reject };
        options.Policies["Block"] = new PolicyOptions { Overflow = Overflow.Block };
        options.Policies["Shed"] = new PolicyOptions { Overflow = Overflow.Shed, MaxWait = TimeSpan.FromMinutes(1) };
        options.Policies["Stream"] = new PolicyOptions { Overflow = Overflow.Reject, HoldUntil = HoldUntil.ResponseStart };
    }

    public static Task<Site> StartAsync(Action<WebApplication> configure, Action<WebApplicationBuilder>? build = null)
        => StartAsync(configure, build, static builder => builder.WebHost.UseTestServer());

    public static Task<Site> StartOnKestrelAsync(
        Action<WebApplication> configure, Action<WebApplicationBuilder>? build = null, HttpProtocols protocols = HttpProtocols.Http1)
        => StartAsync(configure, build, builder => builder.WebHost.UseKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = protocols)));

    public static WebApplicationBuilder CreateBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ApplicationName = typeof(Site).Assembly.GetName().Name });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Logging.ClearProviders();
        builder.Logging.AddFakeLogging();
        return builder;
    }

    /// <summary>Polls, since what is waited for has no event of its own; the limit only ends a test that fails.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"Not within {Patience.TotalSeconds} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }

    /// <summary>The sum of an observable instrument now.</summary>
    public long Measure(string instrument)
    {
        long sum = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (published, self) =>
        {
            if (published.Meter.Name == "Backpressure" && published.Meter.Scope == App.Services.GetRequiredService<IMeterFactory>() && published.Name == instrument)
            {
                self.EnableMeasurementEvents(published);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => sum += value);
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => sum += value);
        listener.Start();
        listener.RecordObservableInstruments();
        return sum;
    }

    public Task WaitersAsync(long count) => EventuallyAsync(() => Measure("backpressure.queue.depth") == count, $"{count} waiting");

    public Task ActiveAsync(long count) => EventuallyAsync(() => Measure("backpressure.requests.active") == count, $"{count} active");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }

    private static async Task<Site> StartAsync(Action<WebApplication> configure, Action<WebApplicationBuilder>? build, Action<WebApplicationBuilder> server)
    {
        WebApplicationBuilder builder = CreateBuilder();
        server(builder);
        if (build is null)
        {
            builder.Services.AddBackpressure(OneAtATime);
        }
        else
        {
            build(builder);
        }

        WebApplication app = builder.Build();
        configure(app);
        await app.StartAsync();
        if (app.Services.GetRequiredService<IServer>() is TestServer test)
        {
            return new Site(app, test.CreateClient(), test.BaseAddress);
        }

        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new Site(app, new HttpClient { BaseAddress = address, Timeout = Patience }, address);
    }
}
