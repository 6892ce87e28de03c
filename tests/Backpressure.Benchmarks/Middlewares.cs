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

    public static Middlewares[] All(int permits, bool refuse) =>
    [
        new(Ours, static builder => builder.UseBackpressure(), services => services.AddBackpressure(options =>
            Shedders.Configure(options, permits, refuse ? Overflow.Reject : Overflow.Shed))),
        new(Peer, static builder => builder.UseRateLimiter(), services => services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = 503;
            options.AddConcurrencyLimiter("only", limiter => limiter.PermitLimit = permits);
        })),
        new("ConcurrencyLimiter by hand", builder => UseLimiter(builder, permits), static _ => { }),
        new("SemaphoreSlim by hand", builder => UseSemaphore(builder, permits), static _ => { }),
        new("Polly", builder => UsePolly(builder, permits), static _ => { }),
    ];

    private static void UseLimiter(IApplicationBuilder builder, int permits)
    {
        var limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = permits });
        builder.Use(next => context => Limit(limiter, next, context));

        static async Task Limit(ConcurrencyLimiter limiter, RequestDelegate next, HttpContext context)
        {
            using RateLimitLease lease = limiter.AttemptAcquire();
            if (!lease.IsAcquired)
            {
                context.Response.StatusCode = 503;
                return;
            }

            await next(context);
        }
    }

    private static void UseSemaphore(IApplicationBuilder builder, int permits)
    {
        var semaphore = new SemaphoreSlim(permits);
        builder.Use(next => context => Limit(semaphore, next, context));

        static async Task Limit(SemaphoreSlim semaphore, RequestDelegate next, HttpContext context)
        {
            if (!semaphore.Wait(0))
            {
                context.Response.StatusCode = 503;
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
        }
    }

    private static void UsePolly(IApplicationBuilder builder, int permits)
    {
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder().AddConcurrencyLimiter(permits).Build();
        builder.Use(next => context => Limit(pipeline, next, context));

        static async Task Limit(ResiliencePipeline pipeline, RequestDelegate next, HttpContext context)
        {
            try
            {
                await pipeline.ExecuteAsync(
                    static (state, _) => new ValueTask(state.next(state.context)), (next, context), context.RequestAborted);
            }
            catch (RateLimiterRejectedException)
            {
                context.Response.StatusCode = 503;
            }
        }
    }
}
