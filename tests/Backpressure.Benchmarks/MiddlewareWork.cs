using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Backpressure.Benchmarks;

/// <summary>A request's whole way through a pipeline of one middleware, less the same without it.</summary>
internal static class MiddlewareWork
{
    private const string None = "none";
    private const string SameAnswer = "none, answering as Backpressure does";

    private static readonly Middlewares Nothing = new(None, static _ => { }, static _ => { });
    private static MeterListener? _listener;

    public static IEnumerable<Comparison> All()
    {
        foreach (bool metrics in (bool[])[true, false])
        {
            Listen(metrics);
            yield return Admitted(metrics);
            yield return Refused(metrics);
            yield return Late(metrics);
        }
    }

    private static Comparison Admitted(bool metrics) =>
        new(
            $"middleware, admitted, {With(metrics)}",
            Middlewares.Peer,
            [
                Serving(Nothing, 200) with { IsFloor = true },
                .. Middlewares.All(1000, refuse: false).Select(m => Serving(m, 200) with { Floor = None }),
            ])
        {
            Claims = [new Claim(Middlewares.Ours, Middlewares.Peer, 0.6, 0)],
        };

    // Each less what a server takes for the answer that it gives. Ours says when to come back, the others' are bare: so that
    // nobody has to believe that this is fair, it is compared less a bare one, too.
    private static Comparison Refused(bool metrics)
    {
        Subject[] refusing = [.. Middlewares.All(1, refuse: true).Select(m => Serving(m, 503, refused: true) with { Floor = None })];
        Subject ours = Array.Find(refusing, s => s.Name == Middlewares.Ours)!;
        return new(
            $"middleware, refused, {With(metrics)}",
            Middlewares.Peer,
            [
                Answering(None, static _ => { }) with { IsFloor = true },
                Answering(SameAnswer, AnswerAsOurs) with { IsFloor = true },
                ours with { Floor = SameAnswer },
                ours with { Name = "Backpressure, its headers included" },
                .. refusing.Where(s => s != ours),
            ])
        {
            Claims = [new Claim(Middlewares.Ours, Middlewares.Peer, 0.6, metrics ? 0 : null)],
        };
    }

    private static Comparison Late(bool metrics) =>
        new(
            $"middleware, handler ends later, {With(metrics)}",
            Middlewares.Peer,
            [
                ServingLate(Nothing) with { IsFloor = true },
                .. Middlewares.All(1000, refuse: false).Select(m => ServingLate(m) with { Floor = None }),
            ])
        {
            Claims = [new Claim(Middlewares.Ours, Middlewares.Peer, 0.6, 120)],
        };

    /// <summary>What Backpressure answers the refused, told by a handler that knows no better.</summary>
    internal static void AnswerAsOurs(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.RetryAfter = "1";
        headers.ContentLength = 0;
    }

    private static Subject Serving(Middlewares middleware, int status, bool refused = false)
    {
        Task handled = Task.CompletedTask;
        RequestDelegate run = Build(middleware, context =>
        {
            context.Response.StatusCode = 200;
            return handled;
        });
        var server = new SyntheticServer(run);
        if (refused)
        {
            // Takes the only slot for good.
            handled = new TaskCompletionSource().Task;
            _ = run(new SyntheticServer(run).Context);
        }

        return new Subject(middleware.Name, times => server.Serve(times, status));
    }

    private static Subject ServingLate(Middlewares middleware)
    {
        TaskCompletionSource? handling = null;
        var server = new SyntheticServer(Build(middleware, context =>
        {
            context.Response.StatusCode = 200;
            handling = new TaskCompletionSource();
            return handling.Task;
        }));
        return new Subject(middleware.Name, times => server.ServeLate(times, () => handling!.SetResult()));
    }

    private static Subject Answering(string name, Action<HttpContext> answer)
    {
        var server = new SyntheticServer(context =>
        {
            context.Response.StatusCode = 503;
            answer(context);
            return Task.CompletedTask;
        });
        return new Subject(name, times => server.Serve(times, 503));
    }

    private static RequestDelegate Build(Middlewares middleware, RequestDelegate handler)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        middleware.Configure(builder.Services);
        var pipeline = new ApplicationBuilder(builder.Build().Services);
        middleware.Use(pipeline);
        pipeline.Run(handler);
        return pipeline.Build();
    }

    private static string With(bool metrics) => metrics ? "metrics on" : "metrics off";

    private static void Listen(bool metrics)
    {
        _listener?.Dispose();
        _listener = null;
        if (!metrics)
        {
            return;
        }

        _listener = new MeterListener
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Meter.Name is "Backpressure" or "Microsoft.AspNetCore.RateLimiting" or "Polly")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        _listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        _listener.SetMeasurementEventCallback<int>(static (_, _, _, _) => { });
        _listener.Start();
    }
}
