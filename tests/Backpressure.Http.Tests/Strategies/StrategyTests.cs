using System.ComponentModel.DataAnnotations;
using System.Net;
using Backpressure.Http.Strategies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.Retry;
using Polly.Telemetry;

namespace Backpressure.Http.Tests.Strategies;

public sealed class StrategyTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Gate_WhenFull_AdmitsInPriorityOrderAndRefusesWithTelemetry()
    {
        var events = new Events();
        var priority = new ResiliencePropertyKey<Priority>("priority");
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = _time, TelemetryListener = events }
            .AddBackpressure(new BackpressureStrategyOptions
            {
                Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 },
                QueueCapacity = 2,
                PriorityOf = context => context.Properties.GetValue(priority, Priority.Normal),
            })
            .Build();
        var first = new TaskCompletionSource();
        List<string> ran = [];
        Task running = RunAsync(Priority.Normal, first.Task, "first");
        Task low = RunAsync(Priority.Low, Task.CompletedTask, "low");
        Task critical = RunAsync(Priority.Critical, Task.CompletedTask, "critical");
        BackpressureRejectedException refused = await Assert.ThrowsAsync<BackpressureRejectedException>(() => RunAsync(Priority.Low, Task.CompletedTask, "never"));
        first.SetResult();
        await Task.WhenAll([running, low, critical]);

        Assert.Equal(["first", "critical", "low"], ran);
        Assert.Equal(RejectionReason.QueueFull, refused.Reason);
        Assert.Equal(["OnBackpressureRejected"], events.Names);

        async Task RunAsync(Priority its, Task until, string name)
        {
            ResilienceContext context = ResilienceContextPool.Shared.Get(TestContext.Current.CancellationToken);
            context.Properties.Set(priority, its);
            await pipeline.ExecuteAsync(
                async _ =>
                {
                    ran.Add(name);
                    await until;
                },
                context);
        }
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedAsPollyDoes()
    {
        Assert.Throws<ValidationException>(() => new ResiliencePipelineBuilder().AddBackpressure(new BackpressureStrategyOptions { QueueCapacity = -1 }));
        Assert.Throws<ValidationException>(() => new ResiliencePipelineBuilder().AddBackpressure(new BackpressureStrategyOptions { MaxWait = TimeSpan.Zero }));
        Assert.Throws<ValidationException>(() => new ResiliencePipelineBuilder().AddRetryBudget(new RetryBudgetStrategyOptions { Burst = 0 }));
        Assert.Throws<ValidationException>(() => new ResiliencePipelineBuilder().AddRetryBudget(new RetryBudgetStrategyOptions { Ratio = 2 }));
        ValidationException limit = Assert.Throws<ValidationException>(() => new ResiliencePipelineBuilder()
            .AddBackpressure(new BackpressureStrategyOptions { Limit = new LimitOptions { Min = 50, Max = 10 } }));
        Assert.Contains("Limit:Min (50) must not exceed Max (10). Raise Max or lower Min.", limit.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RetryBudget_KeepsRetriesToATenth_AndSaysWhatTheLastAttemptEndedWith()
    {
        var events = new Events();
        int attempts = 0;
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TelemetryListener = events }
            .AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 3, Delay = TimeSpan.Zero, ShouldHandle = new PredicateBuilder().Handle<InvalidOperationException>() })
            .AddRetryBudget()
            .Build();
        Exception? last = null;
        for (int i = 0; i < 1000; i++)
        {
            last = await Record.ExceptionAsync(async () => await pipeline.ExecuteAsync(
                _ =>
                {
                    attempts++;
                    throw new InvalidOperationException("down");
                },
                TestContext.Current.CancellationToken));
        }

        Assert.InRange(attempts, 1100, 1110);
        BackpressureRejectedException rejected = Assert.IsType<BackpressureRejectedException>(last);
        Assert.IsType<InvalidOperationException>(rejected.InnerException);
        Assert.Contains("OnRetryBudgetExhausted", events.Names);
    }

    [Fact]
    public async Task WithinTheStandardHandler_RetriesStayWithinBudget_AndTheLastAnswerStands()
    {
        var stub = new Stub { Answer = static _ => Stub.Status(HttpStatusCode.InternalServerError) };
        var services = new ServiceCollection();
        services.AddHttpClient("payments").ConfigurePrimaryHttpMessageHandler(() => stub)
            .AddBackpressure()
            .AddStandardResilienceHandler(static options =>
            {
                options.Retry.Delay = TimeSpan.Zero;
                options.Retry.WithinBudget();
                options.CircuitBreaker.MinimumThroughput = int.MaxValue;
            });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient http = provider.GetRequiredService<IHttpClientFactory>().CreateClient("payments");
        for (int i = 0; i < 300; i++)
        {
            using HttpResponseMessage response = await http.GetAsync("http://payments/", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        }

        Assert.InRange(stub.Sent.Count, 330, 340);
    }

    [Fact]
    public async Task WithinAResilienceHandler_EachDestinationHasItsBudget_AndTheGateWorks()
    {
        var stub = new Stub { Answer = static _ => Stub.Status(HttpStatusCode.InternalServerError) };
        var services = new ServiceCollection();
        services.AddHttpClient("payments").ConfigurePrimaryHttpMessageHandler(() => stub)
            .AddResilienceHandler("own", static pipeline => pipeline
                .AddRetry(new HttpRetryStrategyOptions { MaxRetryAttempts = 1, Delay = TimeSpan.Zero })
                .AddRetryBudget(new RetryBudgetStrategyOptions { Burst = 1, Ratio = 0.001 })
                .AddBackpressure());
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient http = provider.GetRequiredService<IHttpClientFactory>().CreateClient("payments");

        using HttpResponseMessage retried = await http.GetAsync("http://one/", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<BackpressureRejectedException>(() => http.GetAsync("http://one/", TestContext.Current.CancellationToken));
        using HttpResponseMessage other = await http.GetAsync("http://two/", TestContext.Current.CancellationToken);

        Assert.Equal("one one one two two", string.Join(' ', stub.Sent.Select(static request => request.RequestUri!.Host)));
    }

    [Fact]
    public void RetryBudgets_BeyondTheBound_ForgetThoseThatAreFull()
    {
        var budgets = new RetryBudgets(new RetryBudgetStrategyOptions { DestinationOf = static context => context.OperationKey! });
        RetryBudget spent = Of("spent");
        Assert.True(spent.TryRetry());
        for (int i = 1; i < 1000; i++)
        {
            Assert.True(Of($"host-{i}").TryRetry());
        }

        Assert.Same(Of("late"), Of("later"));

        // One is as good as a new one again, and is missed by nobody.
        for (int i = 0; i < 10; i++)
        {
            Of("host-1").NoteFirstAttempt();
        }

        for (int i = 0; i < 100; i++)
        {
            Of("late");
        }

        Assert.NotSame(Of("late"), Of("later"));
        Assert.Same(spent, Of("spent"));

        RetryBudget Of(string name)
        {
            ResilienceContext context = ResilienceContextPool.Shared.Get(name, TestContext.Current.CancellationToken);
            RetryBudget budget = budgets.Of(context);
            ResilienceContextPool.Shared.Return(context);
            return budget;
        }
    }

    [Fact]
    public async Task AnOpenCircuitBehindTheHandler_IsSeenAsDropped_AndHeldUntilItCloses()
    {
        var stub = new Stub { Answer = static _ => Stub.Status(HttpStatusCode.InternalServerError) };
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services.AddHttpClient("payments").ConfigurePrimaryHttpMessageHandler(() => stub)
            .AddBackpressure()
            .AddResilienceHandler("circuit", pipeline =>
            {
                pipeline.TimeProvider = _time;
                pipeline.AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions { MinimumThroughput = 2, BreakDuration = TimeSpan.FromSeconds(5) });
            });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient http = provider.GetRequiredService<IHttpClientFactory>().CreateClient("payments");
        for (int i = 0; i < 2; i++)
        {
            await http.GetAsync("http://payments/", TestContext.Current.CancellationToken);
        }

        await Assert.ThrowsAnyAsync<Polly.CircuitBreaker.BrokenCircuitException>(() => http.GetAsync("http://payments/", TestContext.Current.CancellationToken));
        using HttpResponseMessage held = await http.GetAsync("http://payments/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, held.StatusCode);
        Assert.Equal(["retry_after"], held.Headers.GetValues("Backpressure-Reason"));
    }

    private sealed class Events : TelemetryListener
    {
        public List<string> Names { get; } = [];

        public override void Write<TResult, TArgs>(in TelemetryEventArguments<TResult, TArgs> args)
        {
            if (args.Event.EventName is "OnBackpressureRejected" or "OnRetryBudgetExhausted")
            {
                Names.Add(args.Event.EventName);
            }
        }
    }
}
