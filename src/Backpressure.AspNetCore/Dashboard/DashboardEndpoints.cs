using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>Answers for the page: whether it may be seen at all, and then the page, its history, its events. GET and HEAD only.</summary>
internal sealed class DashboardEndpoints
{
    /// <summary>A stream ends after so long and is asked for anew by the page, so that authorization is asked again too.</summary>
    private static readonly TimeSpan LongestStream = TimeSpan.FromMinutes(15);

    private readonly DashboardFeed _feed;
    private readonly BackpressureDashboardOptions _options;
    private readonly string _pattern;
    private readonly bool _development;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly ILogger _logger;
    private int _pages;
    private bool _closedTold;

    private DashboardEndpoints(
        DashboardFeed feed, BackpressureDashboardOptions options, string pattern, bool development, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        _feed = feed;
        _options = options;
        _pattern = pattern;
        _development = development;
        _time = time;
        _stopping = stopping;
        _logger = logger;
    }

    public static DashboardEndpoints Create(
        IServiceProvider services, DashboardFeed feed, BackpressureDashboardOptions options, string pattern, bool development) => new(
            feed,
            options,
            pattern,
            development,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            GuardedLogger.Create(services.GetRequiredService<ILoggerFactory>()),
            services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);

    public Task PageAsync(HttpContext context)
    {
        if (!MayBeRead(context))
        {
            return Task.CompletedTask;
        }

        PageContent page = PageContent.Instance;
        context.Response.Headers.ContentSecurityPolicy = page.ContentSecurityPolicy;
        context.Response.Headers.XFrameOptions = "DENY";
        return WriteAsync(context, "text/html; charset=utf-8", page.Html);
    }

    public Task HistoryAsync(HttpContext context)
    {
        if (!MayBeRead(context))
        {
            return Task.CompletedTask;
        }

        string gate = context.Request.Query["gate"].ToString();
        if (_feed.HistoryOf(gate) is { } history)
        {
            return WriteAsync(context, "application/json", history);
        }

        // One that has been taken out since the page heard of it, or a page of another version.
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    public async Task EventsAsync(HttpContext context)
    {
        if (!MayBeRead(context))
        {
            return;
        }

        if (Interlocked.Increment(ref _pages) > _options.MaxPages)
        {
            Interlocked.Decrement(ref _pages);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "10";
            return;
        }

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        try
        {
            await StreamAsync(context, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The page was closed, or the host stops: the page sees the end and asks again.
        }
        finally
        {
            Interlocked.Decrement(ref _pages);
        }
    }

    // Whoever reads slowly is given what is newest when it has read: nothing is kept for it.
    private async Task StreamAsync(HttpContext context, CancellationToken end)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        long began = _time.GetTimestamp();
        using IDisposable watching = _feed.Watch();
        await context.Response.Body.WriteAsync("retry: 1000\n\n"u8.ToArray(), end);
        var seen = default(FeedPosition);
        while (_time.GetElapsedTime(began) < LongestStream)
        {
            (FeedFrame frame, Task next) = _feed.Read();
            foreach (ReadOnlyMemory<byte> part in frame.Since(ref seen))
            {
                await context.Response.Body.WriteAsync(part, end);
            }

            await context.Response.Body.FlushAsync(end);
            await next.WaitAsync(end);
        }
    }

    private bool MayBeRead(HttpContext context)
    {
        if (!_development && !IsGuarded(context.GetEndpoint()?.Metadata))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            if (!Interlocked.Exchange(ref _closedTold, true))
            {
                Log.DashboardClosed(_logger, _pattern);
            }

            return false;
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            return true;
        }

        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, HEAD";
        return false;
    }

    // Authorization lets through whatever says that anybody may come, whatever else is said.
    private static bool IsGuarded(EndpointMetadataCollection? metadata) =>
        metadata?.GetMetadata<IAuthorizeData>() is not null && metadata.GetMetadata<IAllowAnonymous>() is null;

    private static async Task WriteAsync(HttpContext context, string type, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body);
        }
    }
}
