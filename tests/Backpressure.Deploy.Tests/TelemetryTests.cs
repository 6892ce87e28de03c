using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Backpressure.Deploy.Tests;

/// <summary>OpenTelemetry's own SDK, instrumentation and exporters: from a bar in a histogram to a trace, and from there to the log.</summary>
public sealed partial class TelemetryTests
{
    [Fact]
    public async Task RejectedRequest_IsFoundByItsTrace_InSpansLogsAndExemplars()
    {
        var spans = new List<Activity>();
        var lines = new List<LogRecord>();
        var leave = new TaskCompletionSource();
        await using WebApplication app = await StartAsync(spans, lines, leave.Task);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        List<Task<HttpResponseMessage>> open = [.. Enumerable.Range(0, 7).Select(_ => client.GetAsync("/", TestContext.Current.CancellationToken))];

        // One runs, one waits, and for the others there is no room.
        while (open.Count > 2)
        {
            Task<HttpResponseMessage> refused = await Task.WhenAny(open);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await refused).StatusCode);
            open.Remove(refused);
        }

        leave.SetResult();
        Assert.All(await Task.WhenAll(open), static response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text; version=1.0.0"));
        using HttpResponseMessage scrape = await client.SendAsync(request, TestContext.Current.CancellationToken);
        string metrics = await scrape.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await app.StopAsync(TestContext.Current.CancellationToken);

        Activity rejected = spans.First(span => span.Kind == ActivityKind.Server && span.GetTagItem("backpressure.decision") is "rejected" && span.GetTagItem("server.port") is int port && port == client.BaseAddress.Port);
        Assert.Equal(503, rejected.GetTagItem("http.response.status_code"));
        Assert.Equal(ActivityStatusCode.Error, rejected.Status);
        Assert.Equal("Default", rejected.GetTagItem("backpressure.downstream"));
        Assert.NotNull(rejected.GetTagItem("backpressure.reason"));
        Assert.Contains(lines, line => line.TraceId == rejected.TraceId && line.FormattedMessage?.StartsWith("Rejected a request", StringComparison.Ordinal) == true);

        Activity wait = spans.First(static span => span.OperationName == "backpressure.wait" && span.GetTagItem("backpressure.decision") is "admitted");
        Assert.Contains(spans, span => span.SpanId == wait.ParentSpanId && span.Kind == ActivityKind.Server);

        Assert.Contains("application/openmetrics-text", $"{scrape.Content.Headers.ContentType}", StringComparison.Ordinal);
        string[] traces = [.. spans.Select(static span => span.TraceId.ToHexString()).Distinct()];
        foreach (string histogram in (string[])["backpressure_queue_time_seconds", "backpressure_service_time_seconds"])
        {
            Match exemplar = Exemplar().Match(string.Join('\n', metrics.Split('\n').Where(line => line.StartsWith($"{histogram}_bucket", StringComparison.Ordinal))));
            Assert.True(exemplar.Success, $"No exemplar of {histogram}:\n{metrics}");
            Assert.Contains(exemplar.Groups[1].Value, traces);
        }
    }

    private static async Task<WebApplication> StartAsync(List<Activity> spans, List<LogRecord> lines, Task leave)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddFilter(null, LogLevel.Information).AddFilter("Backpressure", LogLevel.Debug);
        builder.WebHost.UseKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddBackpressure(static options =>
        {
            options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 }, Queue = new QueueOptions { Capacity = 1 } };
            options.Policies["Default"] = new PolicyOptions { MaxWait = TimeSpan.FromSeconds(30) };
        });
        builder.Services.AddOpenTelemetry()
            .WithMetrics(static metrics => metrics.AddMeter("Backpressure").SetExemplarFilter(ExemplarFilterType.TraceBased).AddPrometheusExporter())
            .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddSource("Backpressure").SetSampler(new AlwaysOnSampler()).AddInMemoryExporter(spans))
            .WithLogging(logging => logging.AddInMemoryExporter(lines), static options => options.IncludeFormattedMessage = true);
        WebApplication app = builder.Build();
        app.UseBackpressure();
        app.MapGet("/", async (HttpContext _) => await leave);
        app.MapPrometheusScrapingEndpoint("/metrics").DisableBackpressure();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    [GeneratedRegex("# \\{.*trace_id=\"([0-9a-f]{32})\"")]
    private static partial Regex Exemplar();
}
