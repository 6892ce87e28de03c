using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Backpressure.AspNetCore.Rejection;
using Backpressure.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.AspNetCore.Tests.Rejection;

public sealed class RejecterTests
{
    [Fact]
    public async Task Rejection_TellsInProblemDetailsWhenToComeBack()
    {
        await using FullSite full = await FullSite.StartAsync();

        using HttpResponseMessage response = await full.GetAsync("application/json");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.ToString());
        Assert.True(response.Headers.CacheControl!.NoStore);
        double seconds = response.Headers.RetryAfter!.Delta!.Value.TotalSeconds;
        Assert.InRange(seconds, 1, 30);
        using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        JsonElement problem = body.RootElement;
        Assert.Equal(503, problem.GetProperty("status").GetInt32());
        Assert.Equal("limit_reached", problem.GetProperty("reason").GetString());
        Assert.Equal(seconds, problem.GetProperty("retryAfterSeconds").GetDouble());
        Assert.Equal("The service is overloaded.", problem.GetProperty("title").GetString());
        Assert.StartsWith("https://", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejection_ToAReaderOfText_IsOneLine()
    {
        await using FullSite full = await FullSite.StartAsync();

        using HttpResponseMessage response = await full.GetAsync("text/plain");

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("The service is overloaded. Try again in ", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejection_ToAReaderOfNeither_HasNoBody()
    {
        await using FullSite full = await FullSite.StartAsync();

        using HttpResponseMessage response = await full.GetAsync("image/png");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Rejection_OfHead_HasHeadersAndNoBody()
    {
        await using FullSite full = await FullSite.StartAsync();

        using HttpResponseMessage response = await full.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc-web")]
    public async Task Rejection_OfGrpc_IsTrailersOnlyWithPushback(string contentType)
    {
        await using FullSite full = await FullSite.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);

        using HttpResponseMessage response = await full.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(contentType, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("14", Assert.Single(response.Headers.GetValues("grpc-status")));
        Assert.Equal("The service is overloaded.", Assert.Single(response.Headers.GetValues("grpc-message")));
        Assert.InRange(int.Parse(Assert.Single(response.Headers.GetValues("grpc-retry-pushback-ms"))), 1000, 30_000);
        Assert.Null(response.Headers.RetryAfter);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task OnRejected_MayAddHeadersAndLeaveTheBody()
    {
        await using FullSite full = await FullSite.StartAsync((context, feature) =>
        {
            context.Response.Headers["x-reason"] = feature.Reason.ToString();
            return ValueTask.CompletedTask;
        });

        using HttpResponseMessage response = await full.GetAsync("*/*");

        Assert.Equal("LimitReached", Assert.Single(response.Headers.GetValues("x-reason")));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnRejected_ThatWritesABody_IsNotWrittenOver(bool buffered)
    {
        await using FullSite full = await FullSite.StartAsync(async (context, _) =>
        {
            if (buffered)
            {
                context.Response.BodyWriter.Write("busy"u8);
            }
            else
            {
                await context.Response.WriteAsync("busy");
            }
        });

        using HttpResponseMessage response = await full.GetAsync("*/*");

        Assert.Equal("busy", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task OnRejected_ThatRedirects_GetsNoBody()
    {
        await using FullSite full = await FullSite.StartAsync((context, _) =>
        {
            context.Response.Redirect("/waiting-room");
            return ValueTask.CompletedTask;
        });

        using HttpResponseMessage response = await full.GetAsync("*/*");

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Rejection_AfterTheResponseHasStarted_WritesNothing()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                if (context.Request.Path == "/started")
                {
                    await context.Response.WriteAsync("begun");
                }

                await next(context);
            });
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage response = await site.Client.GetAsync("/started", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("begun", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        busy.Release();
        await first;
    }

    [Fact]
    public void Bodies_OfEveryReason_AreProblemDetailsThatAgreeWithTheStatus()
    {
        var bodies = new RejectionBodies();
        foreach (RejectionReason reason in Enum.GetValues<RejectionReason>())
        {
            using JsonDocument problem = JsonDocument.Parse(bodies.Get(reason, 7, json: true));
            Assert.Equal(reason.Tag(), problem.RootElement.GetProperty("reason").GetString());
            Assert.Equal(RejectionReasons.StatusOf(reason), problem.RootElement.GetProperty("status").GetInt32());
            Assert.Equal(reason == RejectionReason.RateLimited ? 429 : 503, RejectionReasons.StatusOf(reason));
            Assert.Same(bodies.Get(reason, 7, json: true), bodies.Get(reason, 7, json: true));
        }
    }

    /// <summary>A site whose one slot is taken.</summary>
    private sealed class FullSite : IAsyncDisposable
    {
        private readonly Site _site;
        private readonly BusyHandler _busy;
        private readonly Task _first;

        private FullSite(Site site, BusyHandler busy, Task first)
        {
            _site = site;
            _busy = busy;
            _first = first;
        }

        public static async Task<FullSite> StartAsync(Func<HttpContext, IBackpressureFeature, ValueTask>? onRejected = null)
        {
            var busy = new BusyHandler();
            Site site = await Site.StartAsync(
                app =>
                {
                    app.UseBackpressure();
                    app.Map("/", busy.RunAsync);
                },
                builder =>
                {
                    builder.Services.AddBackpressure(Site.OneAtATime);
                    builder.Services.Configure<BackpressureHttpOptions>(options => options.OnRejected = onRejected);
                });
            Task first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
            await busy.EnteredAsync();
            return new FullSite(site, busy, first);
        }

        public Task<HttpResponseMessage> GetAsync(string accept)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Accept.ParseAdd(accept);
            return SendAsync(request);
        }

        public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
            => _site.Client.SendAsync(request, TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            _busy.Release();
            await _first;
            await _site.DisposeAsync();
            _busy.Dispose();
        }
    }
}
