using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests;

/// <summary>Signals as an application brings and sees them.</summary>
public sealed class SignalTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task ASignalAmongTheServices_LowersTheLimitAndIsNamedByTheFeature()
    {
        var reading = new Reading { Value = 1 };
        await using WebApplication app = await StartAsync(services => services.AddSingleton<ICapacitySignal>(reading));
        Assert.Equal("40 -", await AskAsync(app));

        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("1 pressure", await AskAsync(app));

        reading.Value = 0;
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("40 -", await AskAsync(app));
    }

    [Theory]
    [InlineData(HealthStatus.Healthy, "40 -")]
    [InlineData(HealthStatus.Degraded, "21 pressure")]
    [InlineData(HealthStatus.Unhealthy, "1 pressure")]
    public async Task AHealthCheck_IsASignal(HealthStatus status, string seen)
    {
        await using WebApplication app = await StartAsync(services => services.AddBackpressureHealthSignal("pressure", "db"));

        await PublishAsync(app, status);
        _time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal(seen, await AskAsync(app));
    }

    [Fact]
    public async Task AHealthCheckThatIsNotPublishedAnyMore_StopsCounting()
    {
        await using WebApplication app = await StartAsync(services => services.AddBackpressureHealthSignal("pressure", "db"));
        await PublishAsync(app, HealthStatus.Unhealthy);
        Pass(50);
        Assert.Equal("1 pressure", await AskAsync(app));

        Pass(60);
        Assert.Equal("40 -", await AskAsync(app));
    }

    [Fact]
    public async Task AHealthyReportAfterAnUnhealthyOne_LetsTheLimitGo()
    {
        await using WebApplication app = await StartAsync(services => services.AddBackpressureHealthSignal("pressure"));
        await PublishAsync(app, HealthStatus.Unhealthy);
        Pass(1);
        await PublishAsync(app, HealthStatus.Healthy);
        Pass(11);

        Assert.Equal("40 -", await AskAsync(app));
    }

    [Fact]
    public async Task WhatLimitsTheLimit_IsOnTheActivity()
    {
        var reading = new Reading { Value = 1 };
        await using WebApplication app = await StartAsync(services => services.AddSingleton<ICapacitySignal>(reading));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        using var source = new ActivitySource(nameof(SignalTests));
        using var listener = new ActivityListener
        {
            ShouldListenTo = heard => heard == source,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        BackpressureMiddleware middleware = BackpressureMiddleware.Create(static _ => Task.CompletedTask, app.Services);

        using (Activity activity = source.StartActivity("request")!)
        {
            await middleware.InvokeAsync(new DefaultHttpContext { RequestServices = app.Services });
            Assert.Equal("pressure", activity.GetTagItem("backpressure.limited_by"));
        }

        reading.Value = 0;
        Pass(11);
        using (Activity activity = source.StartActivity("request")!)
        {
            await middleware.InvokeAsync(new DefaultHttpContext { RequestServices = app.Services });
            Assert.Null(activity.GetTagItem("backpressure.limited_by"));
        }
    }

    [Theory]
    [InlineData(0.0, true)]
    [InlineData(0.5, false)]
    public async Task WhileASignalIsUp_HandlersGoBehindThoseThatHaveArrived(double value, bool runsAtOnce)
    {
        var reading = new Reading { Value = value };
        await using WebApplication app = await StartAsync(services => services.AddSingleton<ICapacitySignal>(reading));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        bool? ranAtOnce = null;
        BackpressureMiddleware middleware = BackpressureMiddleware.Create(
            _ =>
            {
                ranAtOnce = s_arriving;
                return Task.CompletedTask;
            },
            app.Services);
        var context = new DefaultHttpContext { RequestServices = app.Services };

        s_arriving = true;
        Task handled = middleware.InvokeAsync(context);
        s_arriving = false;
        await handled;

        Assert.Equal(runsAtOnce, ranAtOnce);
    }

    [Theory]
    [InlineData(SignalKind.ThreadPoolDelay, false)]
    [InlineData(SignalKind.Cpu, true)]
    public async Task WhereWaitsForAThreadAreASignal_HandlersGoBehindWhatWaitsForOne(SignalKind kind, bool runsAtOnce)
    {
        await using WebApplication app = await StartAsync(
            static _ => { }, options => options.Signals["pressure"] = new SignalOptions { Kind = kind, Soft = 0.98, Hard = 0.99 });
        bool ran = false;
        BackpressureMiddleware middleware = BackpressureMiddleware.Create(
            _ =>
            {
                ran = true;
                return Task.CompletedTask;
            },
            app.Services);
        var context = new DefaultHttpContext { RequestServices = app.Services };

        (Task handled, bool ranAtOnce) = WhilePoolIsFull(() => (middleware.InvokeAsync(context), ran));
        await handled;

        Assert.Equal(runsAtOnce, ranAtOnce);
        Assert.True(ran);
    }

    // With more to do for the pool than it has threads.
    private static T WhilePoolIsFull<T>(Func<T> act)
    {
        using var release = new ManualResetEventSlim();
        using var left = new CountdownEvent(ThreadPool.ThreadCount + 200);
        for (int i = left.InitialCount; i > 0; i--)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    release.Wait();
                    left.Signal();
                },
                null);
        }

        try
        {
            return act();
        }
        finally
        {
            release.Set();
            left.Wait();
        }
    }

    // Of the thread that brings a request to its gate.
    [ThreadStatic]
    private static bool s_arriving;

    private void Pass(int tenths)
    {
        for (int i = 0; i < tenths; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    private static Task PublishAsync(WebApplication app, HealthStatus status)
    {
        var entries = new Dictionary<string, HealthReportEntry> { ["db"] = new(status, null, TimeSpan.Zero, null, null) };
        return app.Services.GetRequiredService<IHealthCheckPublisher>()
            .PublishAsync(new HealthReport(entries, TimeSpan.Zero), TestContext.Current.CancellationToken);
    }

    private static async Task<string> AskAsync(WebApplication app)
    {
        using HttpClient client = app.GetTestClient();
        return await client.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
    }

    private async Task<WebApplication> StartAsync(Action<IServiceCollection> add, Action<BackpressureOptions>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddBackpressure(options =>
        {
            options.Signals["pressure"] = new SignalOptions { Kind = SignalKind.Custom, Soft = 0, Hard = 1 };
            options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 40 } };
            options.Downstreams["Default"].Signals.Add("pressure");
            configure?.Invoke(options);
        });
        add(builder.Services);
        WebApplication app = builder.Build();
        app.UseBackpressure();
        app.MapGet("/", (HttpContext context) =>
        {
            IBackpressureFeature feature = context.Features.Get<IBackpressureFeature>()!;
            return $"{feature.Limit} {feature.LimitedBy ?? "-"}";
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class Reading : ICapacitySignal
    {
        public double Value { get; set; }

        public string Name => "pressure";

        public double Read() => Value;
    }
}
