using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Tests.Running;

/// <summary>What a trace tells of a request: on its own span what was decided, and below it, if it waited, the wait.</summary>
public sealed class WaitSpanTests
{
    [Fact]
    public async Task RequestThatWaits_HasASpanForTheWait_AndItsHandlerIsNotBelowIt()
    {
        using var trace = new Trace();
        var leave = new TaskCompletionSource();
        await using Site site = await StartAsync(leave.Task);
        Task<HttpResponseMessage> running = site.Client.GetAsync("/Block", TestContext.Current.CancellationToken);
        await site.ActiveAsync(1);

        Task<HttpResponseMessage> waits = SendAsync(site, "/Block", trace);
        await trace.WaitHasBegunAsync();
        leave.SetResult();
        string handlersSpan = await (await waits).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await running;

        Activity[] spans = await trace.SpansAsync(2);
        Activity request = Assert.Single(spans, span => span.OperationName != "backpressure.wait");
        Activity wait = Assert.Single(spans, span => span.OperationName == "backpressure.wait");
        Assert.Equal(request.SpanId, wait.ParentSpanId);
        Assert.Equal(request.SpanId.ToHexString(), handlersSpan);
        Assert.Equal(ActivityKind.Internal, wait.Kind);
        Assert.Equal(ActivityStatusCode.Unset, wait.Status);
        Assert.Equal("admitted", wait.GetTagItem("backpressure.decision"));
        Assert.Equal("normal", wait.GetTagItem("backpressure.priority"));
        Assert.Equal("Block", wait.GetTagItem("backpressure.policy"));
        Assert.Equal("Default", wait.GetTagItem("backpressure.downstream"));
        Assert.Null(wait.GetTagItem("backpressure.reason"));
        Assert.Equal("admitted", request.GetTagItem("backpressure.decision"));
        Assert.True((double)request.GetTagItem("backpressure.wait")! > 0);
    }

    [Fact]
    public async Task RequestThatWaitsInVain_HasAWaitThatFailed()
    {
        using var trace = new Trace();
        var leave = new TaskCompletionSource();
        await using Site site = await StartAsync(leave.Task);
        Task<HttpResponseMessage> running = site.Client.GetAsync("/Shed", TestContext.Current.CancellationToken);
        await site.ActiveAsync(1);

        Task<HttpResponseMessage> waits = SendAsync(site, "/Shed", trace);
        await trace.WaitHasBegunAsync();
        site.Shedder.BeginShutdown();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waits).StatusCode);
        leave.SetResult();
        await running;

        Activity wait = Assert.Single(await trace.SpansAsync(2), span => span.OperationName == "backpressure.wait");
        Assert.Equal(ActivityStatusCode.Error, wait.Status);
        Assert.Equal("shutting_down", wait.GetTagItem("error.type"));
        Assert.Equal("rejected", wait.GetTagItem("backpressure.decision"));
        Assert.Equal("shutting_down", wait.GetTagItem("backpressure.reason"));
    }

    [Fact]
    public async Task RequestThatIsRejectedAtOnce_IsFoundByItsOwnSpanAndItsLogLine()
    {
        using var trace = new Trace();
        var leave = new TaskCompletionSource();
        var lines = new ConcurrentQueue<(string Text, ActivityTraceId? Trace)>();
        await using Site site = await StartAsync(leave.Task, logging => logging.AddProvider(new TracedLog(lines)).SetMinimumLevel(LogLevel.Debug));
        Task<HttpResponseMessage> running = site.Client.GetAsync("/Reject", TestContext.Current.CancellationToken);
        await site.ActiveAsync(1);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(site, "/Reject", trace)).StatusCode);
        leave.SetResult();
        await running;

        Activity request = Assert.Single(await trace.SpansAsync(1));
        Assert.Equal("rejected", request.GetTagItem("backpressure.decision"));
        Assert.Equal("limit_reached", request.GetTagItem("backpressure.reason"));
        Assert.Equal("normal", request.GetTagItem("backpressure.priority"));
        Assert.Equal("Default", request.GetTagItem("backpressure.downstream"));
        Assert.Equal("Reject", request.GetTagItem("backpressure.policy"));
        Assert.Contains(lines, line => line.Text.StartsWith("Rejected a request", StringComparison.Ordinal) && line.Trace == trace.Id);
    }

    private static Task<HttpResponseMessage> SendAsync(Site site, string path, Trace trace)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("traceparent", $"00-{trace.Id}-{ActivitySpanId.CreateRandom()}-01");
        return site.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static Task<Site> StartAsync(Task leave, Action<ILoggingBuilder>? logging = null) => Site.StartAsync(
        app =>
        {
            app.UseBackpressure();
            foreach (string policy in (string[])["Block", "Shed", "Reject"])
            {
                app.MapGet($"/{policy}", async (HttpContext context) =>
                {
                    string? span = Activity.Current?.SpanId.ToHexString();
                    await leave;
                    await context.Response.WriteAsync(span ?? "");
                }).RequireBackpressure(policy);
            }
        },
        builder =>
        {
            builder.WebHost.UseTestServer();
            builder.Services.AddBackpressure(Site.OneAtATime);
            logging?.Invoke(builder.Logging);
        });

    /// <summary>All ended spans of one trace; other tests run at the same time.</summary>
    private sealed class Trace : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = new();
        private readonly ActivityListener _listener;
        private volatile bool _waitHasBegun;

        public Trace()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = static _ => true,
                Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                    options.Parent.TraceId == Id ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
                ActivityStarted = activity =>
                {
                    if (activity.TraceId == Id && activity.OperationName == "backpressure.wait")
                    {
                        _waitHasBegun = true;
                    }
                },
                ActivityStopped = activity =>
                {
                    if (activity.TraceId == Id)
                    {
                        _ended.Enqueue(activity);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public ActivityTraceId Id { get; } = ActivityTraceId.CreateRandom();

        /// <summary>A request is in the queue a moment before it has a span for that, and has none if it is out again by then.</summary>
        public Task WaitHasBegunAsync() => Site.EventuallyAsync(() => _waitHasBegun, "a wait that begins");

        /// <summary>The request's span ends after its client has its answer.</summary>
        public async Task<Activity[]> SpansAsync(int count)
        {
            await Site.EventuallyAsync(() => _ended.Count >= count, $"{count} spans");
            Activity[] spans = [.. _ended];
            Assert.Equal(count, spans.Length);
            return spans;
        }

        public void Dispose() => _listener.Dispose();
    }

    private sealed class TracedLog(ConcurrentQueue<(string Text, ActivityTraceId? Trace)> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((formatter(state, exception), Activity.Current?.TraceId));

        public void Dispose()
        {
        }
    }
}
