using System.Net;
using Backpressure.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Http.Tests.Sockets;

/// <summary>A service on a loopback port that trusts its callers, and what it has seen of them. Its time stands still.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Counts _counts;

    private Service(WebApplication app, Counts counts)
    {
        _app = app;
        _counts = counts;
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>All that came.</summary>
    public int Arrived => Volatile.Read(ref _counts.Arrived);

    /// <summary>Those that the gate let in.</summary>
    public int LetIn => Volatile.Read(ref _counts.LetIn);

    /// <summary>Those that its gate turned away, once nobody is on his way through it.</summary>
    public int Refused => Arrived - LetIn;

    public static async Task<Service> StartAsync(
        int limit, Action<WebApplication> map, HttpProtocols protocols = HttpProtocols.Http1, Action<IServiceCollection>? add = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider());
        builder.Services.AddBackpressure(options =>
        {
            options.PriorityHeader.KnownIPNetworks.Add("127.0.0.0/8");
            options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = limit } };
            options.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Reject };
        });
        add?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        var counts = new Counts();
        app.Use((context, next) =>
        {
            Interlocked.Increment(ref counts.Arrived);
            return next(context);
        });
        app.UseBackpressure();
        app.Use((context, next) =>
        {
            Interlocked.Increment(ref counts.LetIn);
            return next(context);
        });
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new Service(app, counts);
    }

    /// <summary>Polls, since what is waited for has no event of its own; the bound only ends a test that fails.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"Not within 30 s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class Counts
    {
        public int Arrived;
        public int LetIn;
    }
}
