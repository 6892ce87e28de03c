using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;
using Backpressure.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Benchmarks;

/// <summary>A request's whole way through a pipeline of one middleware, less the same without it.</summary>
internal static class MiddlewareWork
{
    private const string None = "none";
    private const string Peer = "UseRateLimiter";

    public static IEnumerable<Comparison> All()
    {
        foreach (bool metrics in (bool[])[true, false])
        {
            using MeterListener? listener = metrics ? Listen() : null;
            string with = metrics ? "metrics on" : "metrics off";
            yield return Compare($"middleware, admitted, {with}", refused: false, metrics);
            yield return Compare($"middleware, refused, {with}", refused: true, metrics);
        }
    }

    private static Comparison Compare(string work, bool refused, bool claimed)
    {
        int permits = refused ? 1 : 1000;
        int status = refused ? 503 : 200;
        return new Comparison(
            work,
            Peer,
            Bare(status),
            Of("Backpressure", status, refused, builder => builder.UseBackpressure(), services =>
                services.AddBackpressure(options => Shedders.Configure(options, permits, refused ? Overflow.Reject : Overflow.Shed))),
            Of(Peer, status, refused, builder => builder.UseRateLimiter(), services => services.AddRateLimiter(options =>
            {
                options.RejectionStatusCode = 503;
                options.AddConcurrencyLimiter("only", limiter => limiter.PermitLimit = permits);
            })),
            Of("hand-written", status, refused, builder => UseHandWritten(builder, permits), static _ => { }))
        {
            Nothing = None,
            Claims = [new Claim("Backpressure", Peer, 0.6, claimed || !refused ? 0 : null)],
        };
    }

    private static Subject Bare(int status)
    {
        var server = new SyntheticServer(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        return new Subject(None, times => server.Serve(times, status));
    }

    private static Subject Of(
        string name, int status, bool refused, Action<IApplicationBuilder> use, Action<IServiceCollection> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        configure(builder.Services);
        WebApplication app = builder.Build();
        var pipeline = new ApplicationBuilder(app.Services);
        Task handled = Task.CompletedTask;
        use(pipeline);
        pipeline.Run(context =>
        {
            context.Response.StatusCode = 200;
            return handled;
        });
        RequestDelegate run = pipeline.Build();
        var server = new SyntheticServer(run);
        if (refused)
        {
            // Takes the only slot for good.
            handled = new TaskCompletionSource().Task;
            _ = run(new SyntheticServer(run).Context);
        }

        return new Subject(name, times => server.Serve(times, status));
    }

    private static void UseHandWritten(IApplicationBuilder builder, int permits)
    {
        var limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = permits });
        builder.Use(next => context => Limit(limiter, next, context));
    }

    private static async Task Limit(ConcurrencyLimiter limiter, RequestDelegate next, HttpContext context)
    {
        using RateLimitLease lease = limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            context.Response.StatusCode = 503;
            return;
        }

        await next(context);
    }

    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Meter.Name is "Backpressure" or "Microsoft.AspNetCore.RateLimiting")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }
}
