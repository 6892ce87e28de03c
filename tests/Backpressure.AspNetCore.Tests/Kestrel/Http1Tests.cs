using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.AspNetCore.Tests.Kestrel;

public sealed class Http1Tests
{
    // Farfetch: a client's abort frees the slot while the handler runs (20 handlers at limit 1).
    [Fact]
    public async Task Farfetch_ClientThatAborts_KeepsItsSlotUntilTheHandlerEnds()
    {
        using var busy = new BusyHandler();
        var aborted = new TaskCompletionSource();
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", async (HttpContext context) =>
            {
                context.RequestAborted.Register(aborted.SetResult);
                await busy.RunAsync();
            });
        });
        RawConnection client = await RawConnection.OpenAsync(site.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await busy.EnteredAsync();

        client.Abort();
        await aborted.Task.WaitAsync(Site.Patience, TestContext.Current.CancellationToken);
        HttpResponseMessage[] others = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => site.Client.GetAsync("/", TestContext.Current.CancellationToken)));

        Assert.All(others, response => Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode));
        Assert.Equal(1, busy.MostRunning);
        busy.Release();
        await site.ActiveAsync(0);
    }

    [Fact]
    public async Task WaitingClient_ThatAborts_LeavesTheQueueAtOnce()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.UseBackpressure();
            app.MapPost("/", busy.RunAsync).RequireBackpressure("Block");
        });
        using RawConnection running = await RawConnection.OpenAsync(site.Address);
        await running.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        await busy.EnteredAsync();
        RawConnection waiting = await RawConnection.OpenAsync(site.Address);
        await waiting.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        await site.WaitersAsync(1);

        waiting.Abort();

        await site.WaitersAsync(0);
        busy.Release();
        Assert.StartsWith("HTTP/1.1 200", (await running.ReceiveAsync()).Head, StringComparison.Ordinal);
        await site.ActiveAsync(0);
        Assert.Equal(1, busy.MostRunning);
    }

    [Fact]
    public async Task BodyOfAWaitingRequest_IsNotReadUntilItRuns()
    {
        const int Length = 64 * 1024 * 1024;
        using var busy = new BusyHandler();
        await using Site site = await Site.StartOnKestrelAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync).RequireBackpressure("Block");
                app.MapPost("/", async (HttpContext context) =>
                {
                    long read = 0;
                    byte[] buffer = new byte[64 * 1024];
                    for (int count; (count = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
                    {
                        read += count;
                    }

                    string answer = $"{read}";
                    context.Response.ContentLength = answer.Length;
                    await context.Response.WriteAsync(answer);
                }).RequireBackpressure("Block");
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);
                builder.Services.Configure<SocketTransportOptions>(options => options.MaxReadBufferSize = 64 * 1024);
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
            });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        using RawConnection sender = await RawConnection.OpenAsync(site.Address);
        await sender.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Length}\r\n\r\n");
        await site.WaitersAsync(1);

        int sent = 0;
        Task sending = SendAllAsync();
        async Task SendAllAsync()
        {
            byte[] chunk = new byte[64 * 1024];
            for (int i = 0; i < Length / chunk.Length; i++)
            {
                await sender.SendAsync(chunk, CancellationToken.None);
                Interlocked.Add(ref sent, chunk.Length);
            }
        }
        int last = -1;
        await Site.EventuallyAsync(
            () =>
            {
                // Held: nothing more went out while a whole other request was served.
                int now = Volatile.Read(ref sent);
                bool held = now == last && now > 0;
                last = now;
                site.Client.GetAsync("/nowhere", CancellationToken.None).Wait(Site.Patience);
                return held;
            },
            "the sender is held");
        int whileWaiting = Volatile.Read(ref sent);
        busy.Release();
        await first;

        Assert.Equal($"{Length}", (await sender.ReceiveAsync()).Body);
        await sending;
        Assert.True(whileWaiting < Length / 2, $"{whileWaiting} bytes went out while the request waited.");
    }

    [Fact]
    public async Task Connection_StaysUsableAfterA503()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.UseBackpressure();
            app.MapMethods("/", ["GET", "POST"], busy.RunAsync);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        using RawConnection connection = await RawConnection.OpenAsync(site.Address);

        foreach (string request in new[] { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" })
        {
            await connection.SendAsync(request);
            (string head, string body) = await connection.ReceiveAsync();
            Assert.StartsWith("HTTP/1.1 503", head, StringComparison.Ordinal);
            Assert.DoesNotContain("Connection: close", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("limit_reached", body, StringComparison.Ordinal);
        }

        busy.Release(2);
        await first;
        await site.ActiveAsync(0);
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", (await connection.ReceiveAsync()).Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExpectContinue_OnFullGate_GetsThe503BeforeItsBodyIsSent()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.UseBackpressure();
            app.MapMethods("/", ["GET", "POST"], busy.RunAsync);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        using RawConnection connection = await RawConnection.OpenAsync(site.Address);

        await connection.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
        (string head, _) = await connection.ReceiveAsync();

        Assert.StartsWith("HTTP/1.1 503", head, StringComparison.Ordinal);
        busy.Release();
        await first;
    }

    [Theory]
    [InlineData("/events", true)]
    [InlineData("/grpc", true)]
    [InlineData("/policy", true)]
    [InlineData("/download", false)]
    [InlineData("/failing", false)]
    [InlineData("/dropped", false)]
    public async Task Response_ThatLivesOnByNatureOrPolicy_FreesItsSlotWhenItStarts(string path, bool frees)
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/events", (HttpContext context) => Stream(context, "text/event-stream"));
            app.MapGet("/grpc", (HttpContext context) => Stream(context, "application/grpc"));
            app.MapGet("/policy", (HttpContext context) => Stream(context, "application/octet-stream")).RequireBackpressure("Stream");
            app.MapGet("/failing", (HttpContext context) =>
            {
                context.Response.StatusCode = 503;
                return Stream(context, "text/event-stream");
            });
            app.MapGet("/dropped", (HttpContext context) =>
            {
                context.Features.Get<IBackpressureFeature>()!.Outcome = Outcome.Dropped;
                return Stream(context, "application/grpc");
            });
            app.MapGet("/download", (HttpContext context) => Stream(context, "application/octet-stream"));
            app.MapGet("/", () => "free");
        });
        using HttpResponseMessage stream = await site.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage other = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(frees ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, other.StatusCode);
        busy.Release();
        Assert.Equal("beginend", await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await site.ActiveAsync(0);

        async Task Stream(HttpContext context, string contentType)
        {
            context.Response.ContentType = contentType;
            await context.Response.WriteAsync("begin");
            await context.Response.Body.FlushAsync();
            await busy.RunAsync();
            await context.Response.WriteAsync("end");
        }
    }

    [Fact]
    public async Task WebSocket_FreesItsSlotWhenItIsOpen()
    {
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.UseWebSockets();
            app.UseBackpressure();
            app.Map("/socket", async (HttpContext context) =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.ReceiveAsync(new byte[16], CancellationToken.None);
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            });
            app.MapGet("/", () => "free");
        });
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new UriBuilder(site.Address) { Scheme = "ws", Path = "/socket" }.Uri, TestContext.Current.CancellationToken);

        Assert.Equal("free", await site.Client.GetStringAsync("/", TestContext.Current.CancellationToken));

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await site.ActiveAsync(0);
    }

    [Fact]
    public async Task Feature_StaysReadableUntilTheResponseIsCompleted()
    {
        string? after = null;
        var completed = new TaskCompletionSource<bool>();
        await using Site site = await Site.StartOnKestrelAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                IFeatureCollection features = context.Features;
                await next(context);
                after = features.Get<IBackpressureFeature>()?.Policy;
                context.Response.OnCompleted(() =>
                {
                    completed.SetResult(features.Get<IBackpressureFeature>() is not null);
                    return Task.CompletedTask;
                });
            });
            app.UseBackpressure();
            app.MapGet("/", () => "here").RequireBackpressure("Block");
        });

        await site.Client.GetStringAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal("Block", after);

        // Callbacks run in reverse order: whoever registers after us still sees it.
        Assert.True(await completed.Task.WaitAsync(Site.Patience, TestContext.Current.CancellationToken));
    }
}
