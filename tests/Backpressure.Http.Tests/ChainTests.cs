using System.Net;
using Backpressure.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Http.Tests;

/// <summary>Services that call each other, in one process and in virtual time.</summary>
public sealed class ChainTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<WebApplication> _services = [];

    [Fact]
    public async Task AChainThatComesBackToItsStart_DoesNotWaitForItself()
    {
        WebApplication? a = null;
        WebApplication? b = null;
        a = await StartAsync(OneAtATimeThatBlocks, () => b!, app =>
        {
            app.MapGet("/start", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/middle", context));
            app.MapGet("/end", () => "end");
        });
        b = await StartAsync(OneAtATimeThatBlocks, () => a, app => app.MapGet("/middle", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/end", context)));

        // No time passes: had it waited for its own slot, it would have waited for ever.
        using HttpResponseMessage response = await a.GetTestClient().GetAsync("/start", TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal("503", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AChainThatComesBackToAFreeGate_IsServed()
    {
        WebApplication? a = null;
        WebApplication? b = null;
        a = await StartAsync(static options => options.Downstreams["Default"] = Fixed(2), () => b!, app =>
        {
            app.MapGet("/start", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/middle", context));
            app.MapGet("/end", () => "end");
        });
        b = await StartAsync(static _ => { }, () => a, app => app.MapGet("/middle", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/end", context)));

        Assert.Equal("end", await a.GetTestClient().GetStringAsync("/start", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PriorityAndDeadline_ReachTheLastOfTheChain()
    {
        WebApplication? b = null;
        WebApplication? c = null;
        WebApplication a = await StartAsync(static _ => { }, () => b!, app => app.MapGet("/start", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/middle", context)).WithPriority(Priority.Critical));
        b = await StartAsync(static options => options.PriorityHeader.KnownIPNetworks.Add("127.0.0.0/8"), () => c!, app => app.MapGet("/middle", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/end", context)));
        c = await StartAsync(
            static options => options.PriorityHeader.KnownIPNetworks.Add("127.0.0.0/8"), () => c!,
            app => app.MapGet("/end", (HttpContext context) => $"{context.Features.Get<IBackpressureFeature>()!.Priority} {context.Request.Headers["x-envoy-expected-rq-timeout-ms"]}"));
        using HttpClient client = a.GetTestClient();
        client.DefaultRequestHeaders.Add("x-envoy-expected-rq-timeout-ms", "2000");

        Assert.Equal("Critical 2000", await client.GetStringAsync("/start", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AChainThatNoCallCouldCarryOn_CountsAsNotSent()
    {
        WebApplication b = await StartAsync(static _ => { }, null, app => app.MapGet("/end", (HttpContext context) => context.Request.Headers["Backpressure-Chain"].ToString()));
        WebApplication a = await StartAsync(static _ => { }, () => b, app => app.MapGet("/start", (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/end", context)));
        using HttpClient client = a.GetTestClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Backpressure-Chain", "caf\u00e9-1");

        // HttpClient fails a call with such a header: anybody could fail his request's calls, and none of them would be the destination's fault.
        Assert.Matches("^[0-9a-f]{8}-1$", await client.GetStringAsync("/start", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task WhenADestinationSheds_GatesThatNameItCloseInProportion()
    {
        HttpStatusCode answer = HttpStatusCode.OK;
        WebApplication payments = await StartAsync(static _ => { }, null, app => app.MapGet("/pay", (HttpContext context) => context.Response.StatusCode = (int)answer));
        WebApplication checkout = await StartAsync(
            static options =>
            {
                // Nothing but the name of the client.
                options.Downstreams["Default"] = Fixed(100);
                options.Downstreams["Default"].Signals.Add("next");
            },
            () => payments,
            app =>
            {
                app.MapGet("/checkout", async (IHttpClientFactory clients, HttpContext context) => await CallAsync(clients, "/pay", context));
                app.MapGet("/limit", LimitOf).DisableBackpressure();
            });
        using HttpClient client = checkout.GetTestClient();
        await CheckOutAsync(5);
        Assert.Equal("100 ", await LimitAsync());

        answer = HttpStatusCode.ServiceUnavailable;
        await CheckOutAsync(5);
        // Half of the calls were shed: 0.45 of the 0.95 between Soft and Hard, of 99 units, rounded up.
        Assert.Equal("54 next", await LimitAsync());

        answer = HttpStatusCode.OK;
        Pass(40);
        Assert.Equal("100 ", await LimitAsync());

        async Task CheckOutAsync(int times)
        {
            for (int i = 0; i < times; i++)
            {
                await client.GetAsync("/checkout", TestContext.Current.CancellationToken);
            }
        }

        async Task<string> LimitAsync()
        {
            Pass(1);
            return await client.GetStringAsync("/limit", TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task WhenTheLastSheds_PressureMovesHopByHopToTheFirst()
    {
        HttpStatusCode answer = HttpStatusCode.OK;
        var held = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        WebApplication? middle = null;
        WebApplication last = await StartAsync(static _ => { }, null, app => app.MapGet("/end", (HttpContext context) => context.Response.StatusCode = (int)answer));
        WebApplication first = await StartAsync(static options => ClosesWithTheNext(options, 100), () => middle!, app =>
        {
            app.MapGet("/start", static (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/middle", context));
            app.MapGet("/held", static (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/held", context));
            app.MapGet("/limit", LimitOf).DisableBackpressure();
        });
        middle = await StartAsync(static options => ClosesWithTheNext(options, 10), () => last, app =>
        {
            app.MapGet("/middle", static (IHttpClientFactory clients, HttpContext context) => CallAsync(clients, "/end", context));
            app.MapGet("/held", () => held.Task);
            app.MapGet("/limit", LimitOf).DisableBackpressure();
        });
        using HttpClient atFirst = first.GetTestClient();
        using HttpClient atMiddle = middle.GetTestClient();
        Assert.Equal(("100 ", "10 "), await LimitsAsync());

        // The last refuses; the middle has hands free yet and tells its own callers in words, so the first hears nothing.
        answer = HttpStatusCode.ServiceUnavailable;
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("503", await atFirst.GetStringAsync("/start", TestContext.Current.CancellationToken));
        }

        Assert.Equal(("100 ", "1 next"), await LimitsAsync());

        // Now the middle's gate turns away what it had room for, and the first's closes in turn.
        Task<string>[] calls = [.. Enumerable.Range(0, 10).Select(_ => atFirst.GetStringAsync("/held", TestContext.Current.CancellationToken))];
        Task<string>[] open = calls;
        while (open.Length > 1)
        {
            await Task.WhenAny(open).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            open = [.. open.Where(static call => !call.IsCompleted)];
        }

        held.SetResult("held");
        Assert.Equal([.. Enumerable.Repeat("503", 9), "held"], (await Task.WhenAll(calls)).Order(StringComparer.Ordinal));

        // Nine of fifteen: 0.55 of the 0.95 between Soft and Hard, of 99 units, rounded up.
        Assert.Equal(("43 next", "1 next"), await LimitsAsync());

        answer = HttpStatusCode.OK;
        Pass(40);
        Assert.Equal(("100 ", "10 "), await LimitsAsync());

        async Task<(string First, string Middle)> LimitsAsync()
        {
            Pass(1);
            return (await atFirst.GetStringAsync("/limit", TestContext.Current.CancellationToken), await atMiddle.GetStringAsync("/limit", TestContext.Current.CancellationToken));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (WebApplication service in _services)
        {
            await service.DisposeAsync();
        }
    }

    private static DownstreamOptions Fixed(int limit) => new() { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = limit } };

    private static string LimitOf(HttpContext context) =>
        $"{context.Features.Get<IBackpressureFeature>()!.Limit} {context.Features.Get<IBackpressureFeature>()!.LimitedBy}";

    // Nothing but the name of the client.
    private static void ClosesWithTheNext(BackpressureOptions options, int limit)
    {
        options.Downstreams["Default"] = Fixed(limit);
        options.Downstreams["Default"].Signals.Add("next");
        options.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Reject };
    }

    private static void OneAtATimeThatBlocks(BackpressureOptions options)
    {
        options.Downstreams["Default"] = Fixed(1);
        options.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Block };
    }

    private static async Task<string> CallAsync(IHttpClientFactory clients, string path, HttpContext context)
    {
        using HttpClient next = clients.CreateClient("next");
        using HttpResponseMessage response = await next.GetAsync(new Uri("http://next" + path), context.RequestAborted);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsStringAsync(context.RequestAborted)
            : ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private void Pass(int tenths)
    {
        for (int i = 0; i < tenths; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    private async Task<WebApplication> StartAsync(Action<BackpressureOptions> configure, Func<WebApplication>? next, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddBackpressure(configure);
        builder.Services.AddHttpClient("next").AddBackpressure().ConfigurePrimaryHttpMessageHandler(() => next!().GetTestServer().CreateHandler());
        WebApplication app = builder.Build();
        app.Use(static (context, rest) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            return rest(context);
        });
        app.UseBackpressure();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        _services.Add(app);
        return app;
    }
}
