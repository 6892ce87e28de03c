using System.Diagnostics;
using System.Net;
using Backpressure.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Tests;

public sealed class BackpressureMiddlewareTests
{
    [Fact]
    public async Task Request_OnFreeGate_RunsAndSeesItsDecision()
    {
        string? seen = null;
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", (HttpContext context) =>
            {
                IBackpressureFeature feature = context.Features.Get<IBackpressureFeature>()!;
                seen = $"{feature.Decision} {feature.Reason} {feature.Priority} {feature.Policy} {feature.Downstream} {feature.Limit} {feature.InFlight} {feature.RetryAfter} {feature.Outcome}";
            }).RequireBackpressure("Block").WithPriority(Priority.Critical);
        });

        HttpResponseMessage response = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Admitted None Critical Block Default 1 1 00:00:00 ", seen);
        await site.ActiveAsync(0);
    }

    [Fact]
    public async Task Request_OnFullGate_IsRejectedAndItsHandlerNeverRuns()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage second = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        busy.Release();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(1, busy.MostRunning);
    }

    [Fact]
    public async Task Request_ThatBlocks_RunsWhenTheSlotIsFree()
    {
        using var busy = new BusyHandler();
        TimeSpan wait = default;
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", (HttpContext context) =>
            {
                wait = context.Features.Get<IBackpressureFeature>()!.Wait;
                return busy.RunAsync();
            }).RequireBackpressure("Block");
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        Task<HttpResponseMessage> second = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await site.WaitersAsync(1);

        busy.Release(2);

        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await second).StatusCode);
        Assert.Equal(1, busy.MostRunning);
        Assert.True(wait > TimeSpan.Zero);
    }

    [Fact]
    public async Task WaitingRequest_WhoseClientLeaves_IsRemovedAtOnceAndGetsNoCallback()
    {
        using var busy = new BusyHandler();
        int callbacks = 0;
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync).RequireBackpressure("Block");
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);
                builder.Services.Configure<BackpressureHttpOptions>(options => options.OnRejected = (_, _) =>
                {
                    Interlocked.Increment(ref callbacks);
                    return ValueTask.CompletedTask;
                });
            });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> second = site.Client.GetAsync("/", leaving.Token);
        await site.WaitersAsync(1);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await site.WaitersAsync(0);
        busy.Release();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        await site.ActiveAsync(0);
        Assert.Equal(0, callbacks);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handler_ThatThrows_PassesItsExceptionThroughUnchangedAndFreesTheSlot(bool late)
    {
        var thrown = new InvalidTimeZoneException("of the handler's own");
        Exception? caught = null;
        await using Site site = await Site.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception e)
                {
                    caught = e;
                    context.Response.StatusCode = 500;
                }
            });
            app.UseBackpressure();
            app.Run(context => late ? LateAsync() : throw thrown);

            async Task LateAsync()
            {
                await Task.Yield();
                throw thrown;
            }
        });

        await site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        HttpResponseMessage second = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Same(thrown, caught);
        Assert.Equal(HttpStatusCode.InternalServerError, second.StatusCode);
        await site.ActiveAsync(0);
    }

    [Fact]
    public async Task SecondUseBackpressure_DoesNotGateAgain()
    {
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.UseBackpressure();
            app.MapGet("/", (HttpContext context) => $"{context.Features.Get<IBackpressureFeature>()!.InFlight}");
        });

        Assert.Equal("1", await site.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PipelineExecutedAgainByExceptionHandler_DoesNotGateAgain()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseExceptionHandler("/error");
            app.UseRouting();
            app.UseBackpressure();
            app.MapGet("/", () => Task.FromException(new InvalidOperationException("broken")));
            app.MapGet("/busy", busy.RunAsync);
            app.MapGet("/error", (HttpContext context) =>
                $"sorry: {context.Features.Get<IExceptionHandlerFeature>()!.Error.Message}");
        });

        HttpResponseMessage response = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal("sorry: broken", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, site.Measure("backpressure.requests"));
        await site.ActiveAsync(0);
    }

    [Fact]
    public async Task PipelineExecutedAgainByStatusCodePages_DoesNotGateARejectionAgain()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseStatusCodePagesWithReExecute("/status/{0}");
                app.UseRouting();
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync);
                app.MapGet("/status/{code}", (string code, HttpContext context) =>
                    $"page {code} because {context.Features.Get<IBackpressureFeature>()!.Reason}");
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);

                // The status page is only asked for when the rejection has no body of its own.
                builder.Services.Configure<BackpressureHttpOptions>(options => options.OnRejected = (context, _) =>
                {
                    context.Response.StatusCode = 529;
                    return ValueTask.CompletedTask;
                });
            });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage second = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal("page 529 because LimitReached", await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        busy.Release();
        await first;
        Assert.Equal(2, site.Measure("backpressure.requests"));
    }

    [Fact]
    public async Task RequestWithoutEndpoint_GetsADecision()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage whileFull = await site.Client.GetAsync("/nowhere", TestContext.Current.CancellationToken);
        busy.Release();
        await first;
        await site.ActiveAsync(0);
        HttpResponseMessage whileFree = await site.Client.GetAsync("/nowhere", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, whileFull.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, whileFree.StatusCode);
    }

    [Fact]
    public async Task UseBackpressure_BeforeRouting_LogsTheFixOnce()
    {
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.UseRouting();
            app.MapGet("/", () => "here").RequireBackpressure("Block");
        });

        await site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        string message = Assert.Single(site.Logs.GetSnapshot(), record => record.Level == LogLevel.Error).Message;
        Assert.Contains("after app.UseRouting()", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UseBackpressure_BeforeRouting_LogsTheFixForHealthChecksToo()
    {
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.UseRouting();
                app.MapHealthChecks("/health");
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);
                builder.Services.AddHealthChecks();
            });

        await site.Client.GetAsync("/health", TestContext.Current.CancellationToken);

        string message = Assert.Single(site.Logs.GetSnapshot(), record => record.Level == LogLevel.Error).Message;
        Assert.Contains("health checks are not exempt", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthChecks_OnFullGate_AreExempt()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync);
                app.MapHealthChecks("/health");
                app.MapHealthChecks("/renamed").WithDisplayName("probe");
                app.MapHealthChecks("/held").RequireBackpressure("Reject");
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);
                builder.Services.AddHealthChecks();
            });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        Assert.Equal(HttpStatusCode.OK, (await site.Client.GetAsync("/health", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await site.Client.GetAsync("/renamed", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await site.Client.GetAsync("/held", TestContext.Current.CancellationToken)).StatusCode);
        busy.Release();
        await first;
    }

    [Fact]
    public async Task Decision_IsToldToTheCurrentActivity()
    {
        using var source = new ActivitySource("test");
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name == "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        Activity? activity = null;
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                Activity mine = source.StartActivity("request")!;
                activity = mine;
                await next(context);
                mine.Stop();
            });
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync).WithPriority(Priority.High);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        Dictionary<string, object?> admitted = activity!.TagObjects.ToDictionary();

        await site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Dictionary<string, object?> rejected = activity!.TagObjects.ToDictionary();

        busy.Release();
        await first;
        Assert.Equal("admitted", admitted["backpressure.decision"]);
        Assert.Equal("high", admitted["backpressure.priority"]);
        Assert.Equal("Default", admitted["backpressure.policy"]);
        Assert.Equal("Default", admitted["backpressure.downstream"]);
        Assert.Equal(0.0, admitted["backpressure.wait"]);
        Assert.DoesNotContain("backpressure.reason", admitted.Keys);
        Assert.Equal("rejected", rejected["backpressure.decision"]);
        Assert.Equal("limit_reached", rejected["backpressure.reason"]);
    }

    [Fact]
    public async Task Callbacks_ThatThrow_AreLoggedAndCostNoRequest()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync);
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);
                builder.Services.Configure<BackpressureHttpOptions>(options =>
                {
                    options.Classify = (HttpContext _, ref RequestTraits _) => throw new InvalidOperationException("classify");
                    options.OutcomeOf = (_, _) => throw new InvalidOperationException("outcome");
                    options.OnRejected = (_, _) => throw new InvalidOperationException("rejected");
                });
            });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage second = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        busy.Release();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Equal("application/problem+json", second.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        await site.ActiveAsync(0);
        Assert.Equal(
            ["classify", "classify", "outcome", "rejected"],
            site.Logs.GetSnapshot().Where(record => record.Exception is not null).Select(record => record.Exception!.Message).Order());
    }

    [Fact]
    public async Task Classify_ChangesPriorityButCannotBreakTheGate()
    {
        var seen = new List<Priority>();
        int asked = 0;
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", (HttpContext context) => seen.Add(context.Features.Get<IBackpressureFeature>()!.Priority));
            },
            builder =>
            {
                builder.Services.AddBackpressure(Site.OneAtATime);
                builder.Services.Configure<BackpressureHttpOptions>(options => options.Classify = (HttpContext _, ref RequestTraits traits) =>
                {
                    traits.Priority = asked++ == 0 ? Priority.Low : (Priority)7;
                    traits.Cost = -3;
                });
            });

        await site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal([Priority.Low, Priority.Normal], seen);
    }

    [Fact]
    public async Task Mode_Off_LetsEverythingThrough()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync);
            },
            builder => builder.Services.AddBackpressure(Site.OneAtATime).AddBackpressure(options => options.Mode = BackpressureMode.Off));

        Task<HttpResponseMessage>[] all = [.. Enumerable.Range(0, 5).Select(_ => site.Client.GetAsync("/", TestContext.Current.CancellationToken))];
        await busy.EnteredAsync(5);
        busy.Release(5);

        Assert.All(await Task.WhenAll(all), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task Mode_Observe_HoldsNothingBackAndSaysWhatItWouldHaveDone()
    {
        using var busy = new BusyHandler();
        var seen = new List<AdmissionDecision>();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", (HttpContext context) =>
                {
                    seen.Add(context.Features.Get<IBackpressureFeature>()!.Decision);
                    return busy.RunAsync();
                });
            },
            builder => builder.Services.AddBackpressure(Site.OneAtATime).AddBackpressure(options => options.Mode = BackpressureMode.Observe));

        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        Task<HttpResponseMessage> second = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        busy.Release(2);

        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await second).StatusCode);
        Assert.Equal([AdmissionDecision.Admitted, AdmissionDecision.WouldReject], seen);
    }

    [Fact]
    public void EveryEnum_ThatBecomesATag_HasOneForEveryValue()
    {
        Assert.Equal(Enum.GetValues<AdmissionDecision>().Length, Enum.GetValues<AdmissionDecision>().Select(value => value.Tag()).Distinct().Count());
        Assert.Equal(Enum.GetValues<RejectionReason>().Length, Enum.GetValues<RejectionReason>().Select(value => value.Tag()).Distinct().Count());
        Assert.Equal(Enum.GetValues<Priority>().Length, Enum.GetValues<Priority>().Select(value => value.Tag()).Distinct().Count());
        Assert.Equal(Enum.GetValues<Outcome>().Length, Enum.GetValues<Outcome>().Select(value => value.Tag()).Distinct().Count());
    }
}
