using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.Kestrel;

public sealed class Http2Tests
{
    [Fact]
    public async Task Request_OnFullGate_IsRejectedOnItsStreamAlone()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy);
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync();

        HttpResponseMessage second = await SendAsync(site, HttpMethod.Get, "/");

        Assert.Equal(HttpVersion.Version20, second.Version);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        busy.Release();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
    }

    [Fact]
    public async Task StreamThatIsReset_KeepsItsSlotUntilTheHandlerEnds()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy);
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/", leaving: leaving);
        await busy.EnteredAsync();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        HttpResponseMessage second = await SendAsync(site, HttpMethod.Get, "/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        busy.Release();
        await site.ActiveAsync(0);
        Assert.Equal(1, busy.MostRunning);
    }

    [Fact]
    public async Task WaitingBodies_HoldAtMostHalfOfTheConnectionsWindow()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy);
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync();

        // Kestrel's connection window is 1 MiB: half of it holds two bodies of 200 KiB and not three.
        Task<HttpResponseMessage>[] waiting = [SendAsync(site, HttpMethod.Post, "/block", 200 * 1024), SendAsync(site, HttpMethod.Post, "/block", 200 * 1024)];
        await site.WaitersAsync(2);
        HttpResponseMessage third = await SendAsync(site, HttpMethod.Post, "/block", 200 * 1024);
        Task<HttpResponseMessage> small = SendAsync(site, HttpMethod.Post, "/block", 10 * 1024);
        await site.WaitersAsync(3);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        busy.Release(4);
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.All(await Task.WhenAll([.. waiting, small]), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));

        // What they held is given back: the next two wait again.
        Task<HttpResponseMessage> again = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync(4);
        waiting = [SendAsync(site, HttpMethod.Post, "/block", 200 * 1024), SendAsync(site, HttpMethod.Post, "/block", 200 * 1024)];
        await site.WaitersAsync(2);
        busy.Release(3);
        await Task.WhenAll([.. waiting, again]);
    }

    // A stream's window (768 KiB) is more than half of the connection's, so these are beyond the budget.
    [Theory]
    [InlineData(100, true)]
    [InlineData(600_000, false)]
    public async Task OnlyBodyOfAConnection_MayWaitBeyondHalfOfTheWindow(int length, bool unknownLength)
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy);
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync();

        Task<HttpResponseMessage> waiting = SendAsync(site, HttpMethod.Post, "/block", length, unknownLength: unknownLength);
        await site.WaitersAsync(1);
        HttpResponseMessage second = await SendAsync(site, HttpMethod.Post, "/block", length, unknownLength: unknownLength);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        busy.Release(2);
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await waiting).StatusCode);
    }

    [Fact]
    public async Task OnlyBodyOfAConnection_ThatCouldHoldTheWholeWindow_DoesNotWait()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy, builder =>
        {
            builder.Services.AddBackpressure(Site.OneAtATime);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.Http2.InitialConnectionWindowSize = kestrel.Limits.Http2.InitialStreamWindowSize);
        });
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync();

        HttpResponseMessage second = await SendAsync(site, HttpMethod.Post, "/block", 100, unknownLength: true);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        busy.Release();
        await first;
    }

    [Fact]
    public async Task GrpcCalls_OfUnknownLength_MayWait()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy);
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync();

        Task<HttpResponseMessage>[] calls = [.. Enumerable.Range(0, 8).Select(_ => SendAsync(site, HttpMethod.Post, "/block", 100, "application/grpc", unknownLength: true))];
        await site.WaitersAsync(8);
        HttpResponseMessage upload = await SendAsync(site, HttpMethod.Post, "/block", 100, unknownLength: true);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, upload.StatusCode);
        busy.Release(9);
        await first;
        Assert.All(await Task.WhenAll(calls), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task GrpcCall_OnFullGate_IsAnsweredByHeadersAlone()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy);
        Task<HttpResponseMessage> first = SendAsync(site, HttpMethod.Get, "/");
        await busy.EnteredAsync();

        HttpResponseMessage response = await SendAsync(site, HttpMethod.Post, "/", 5, "application/grpc", unknownLength: true);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("14", Assert.Single(response.Headers.GetValues("grpc-status")));
        Assert.True(response.Headers.Contains("grpc-retry-pushback-ms"));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Empty(response.TrailingHeaders);
        busy.Release();
        await first;
    }

    [Fact]
    public async Task WebSocketOverHttp2_FreesItsSlotWhenItIsOpen()
    {
        await using Site site = await Site.StartOnKestrelAsync(
            app =>
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
            },
            protocols: HttpProtocols.Http2);
        using var handler = new SocketsHttpHandler();
        using var invoker = new HttpMessageInvoker(handler);
        using var client = new ClientWebSocket();
        client.Options.HttpVersion = HttpVersion.Version20;
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await client.ConnectAsync(new UriBuilder(site.Address) { Scheme = "ws", Path = "/socket" }.Uri, invoker, TestContext.Current.CancellationToken);

        HttpResponseMessage other = await SendAsync(site, HttpMethod.Get, "/");

        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await site.ActiveAsync(0);
    }

    [Theory]
    [InlineData("4", true)]
    [InlineData("8", true)]
    [InlineData("14", true)]
    [InlineData("13", false)]
    [InlineData("0", false)]
    public async Task GrpcStatusBehindTheBody_LowersTheLimit_WhereItSaysThatTheDownstreamRefused(string status, bool lowers)
    {
        Assert.Equal(lowers, await LowersTheLimitAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.WriteAsync("a message");
            await context.Response.Body.FlushAsync();
            context.Response.AppendTrailer("grpc-status", status);
        }));
    }

    [Fact]
    public async Task StreamThatIsCancelled_AfterItHasBegun_LowersNothing()
    {
        Assert.False(await LowersTheLimitAsync(static async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: 1");
            await context.Response.Body.FlushAsync();
            throw new OperationCanceledException("It was idle.");
        }));
    }

    private static async Task<bool> LowersTheLimitAsync(RequestDelegate handler)
    {
        var time = new FakeTimeProvider();
        await using Site site = await Site.StartOnKestrelAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapPost("/", handler);
            },
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddBackpressure(options => options.Downstreams["Default"] = new DownstreamOptions
                {
                    Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 20, Min = 4 },
                });
            },
            HttpProtocols.Http2);
        for (int call = 0; call < 10; call++)
        {
            try
            {
                using HttpResponseMessage response = await SendAsync(site, HttpMethod.Post, "/", 5, "application/grpc");
            }
            catch (HttpRequestException)
            {
                // Its handler threw in the middle of the body.
            }

            time.Advance(TimeSpan.FromMilliseconds(200));
        }

        return site.Measure("backpressure.limit") < 20;
    }

    private static Task<Site> StartAsync(BusyHandler busy, Action<WebApplicationBuilder>? build = null) => Site.StartOnKestrelAsync(
        app =>
        {
            app.UseBackpressure();
            app.MapMethods("/", ["GET", "POST"], busy.RunAsync);
            app.MapPost("/block", async (HttpContext context) =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                await busy.RunAsync();
            }).RequireBackpressure("Block");
        },
        build,
        protocols: HttpProtocols.Http2);

    private static async Task<HttpResponseMessage> SendAsync(
        Site site, HttpMethod method, string path, int length = 0, string contentType = "application/octet-stream", bool unknownLength = false, CancellationTokenSource? leaving = null)
    {
        using var request = new HttpRequestMessage(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (length > 0)
        {
            request.Content = unknownLength ? new EndlessContent(length) : new ByteArrayContent(new byte[length]);
            request.Content.Headers.ContentType = new(contentType);
        }

        return await site.Client.SendAsync(request, leaving?.Token ?? TestContext.Current.CancellationToken);
    }

    /// <summary>Does not say how long it is.</summary>
    private sealed class EndlessContent(int length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
            => stream.WriteAsync(new byte[length]).AsTask();

        protected override bool TryComputeLength(out long result)
        {
            result = 0;
            return false;
        }
    }
}
