using System.Threading.RateLimiting;
using Backpressure.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>The middleware that take part, each with one limit of concurrency.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Use">Puts it into a pipeline.</param>
/// <param name="Configure">Adds what it needs.</param>
internal sealed record Middlewares(string Name, Action<IApplicationBuilder> Use, Action<IServiceCollection> Configure)
{
    public const string Ours = "Backpressure";
    public const string Peer = "UseRateLimiter";

    /// <summary>All that take part.</summary>
    /// <param name="permits">How many they let in at once.</param>
    /// <param name="refuse">Whether ours refuses at once whom it cannot let in, as the others do.</param>
    /// <param name="answer">What the others tell those they refuse; null: nothing but the status.</param>
    public static Middlewares[] All(int permits, bool refuse, Action<HttpContext>? answer = null) =>
    [
        new(Ours, static builder => builder.UseBackpressure(), services => services.AddBackpressure(options =>
            Shedders.Configure(options, permits, refuse ? Overflow.Reject : Overflow.Shed))),
        new(Peer, static builder => builder.UseRateLimiter(), services => services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = 503;
            options.OnRejected = answer is null ? null : (refused, _) =>
            {
                answer(refused.HttpContext);
                return ValueTask.CompletedTask;
            };
            options.AddConcurrencyLimiter("only", limiter => limiter.PermitLimit = permits);
        })),
        new("ConcurrencyLimiter by hand", builder => UseLimiter(builder, permits, answer), static _ => { }),
        new("SemaphoreSlim by hand", builder => UseSemaphore(builder, permits, answer), static _ => { }),
        new("Polly", builder => UsePolly(builder, permits, answer), static _ => { }),
    ];

    private static void UseLimiter(IApplicationBuilder builder, int permits, Action<HttpContext>? answer)
    {
        var limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = permits });
        builder.Use(next => async context =>
        {
            using RateLimitLease lease = limiter.AttemptAcquire();
            if (!lease.IsAcquired)
            {
                context.Response.StatusCode = 503;
                answer?.Invoke(context);
                return;
            }

            await next(context);
        });
    }

    private static void UseSemaphore(IApplicationBuilder builder, int permits, Action<HttpContext>? answer)
    {
        var semaphore = new SemaphoreSlim(permits);
        builder.Use(next => async context =>
        {
            if (!semaphore.Wait(0))
            {
                context.Response.StatusCode = 503;
                answer?.Invoke(context);
                return;
            }

            try
            {
                await next(context);
            }
            finally
            {
                semaphore.Release();
            }
        });
    }

    private static void UsePolly(IApplicationBuilder builder, int permits, Action<HttpContext>? answer)
    {
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder().AddConcurrencyLimiter(permits).Build();
        builder.Use(next => async context =>
        {
            try
            {
                await pipeline.ExecuteAsync(
                    static (state, _) => new ValueTask(state.next(state.context)), (next, context), context.RequestAborted);
            }
            catch (RateLimiterRejectedException)
            {
                context.Response.StatusCode = 503;
                answer?.Invoke(context);
            }
        });
    }
}
