using System.Diagnostics;
using System.Runtime.CompilerServices;
using Backpressure.AspNetCore.Classification;
using Backpressure.AspNetCore.Hosting;
using Backpressure.AspNetCore.Rejection;
using Backpressure.AspNetCore.Running;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Backpressure.AspNetCore;

/// <summary>
/// A request's way, in order: classify → (the engine: rate limit, admit or queue) → run or reject. Where nothing has to be
/// waited for there is no state machine and no allocation.
/// </summary>
internal sealed class BackpressureMiddleware
{
    private static readonly Type EndpointFeatureType = typeof(IEndpointFeature);
    private static readonly Type RequestFeatureType = typeof(IHttpRequestFeature);

    private readonly RequestDelegate _next;
    private readonly LoadShedder _shedder;
    private readonly Classifier _classifier;
    private readonly Rejecter _rejecter;
    private readonly WindowBudget _windows;
    private readonly GatedRequestPool _pool;
    private readonly OutgoingCalls? _calls;
    private readonly Credits _credits;
    private readonly ILogger _logger;

    private BackpressureMiddleware(
        RequestDelegate next, LoadShedder shedder, Classifier classifier, Rejecter rejecter, WindowBudget windows, OutgoingCalls? calls, BackpressureHttpOptions options, ILogger logger)
    {
        _next = next;
        _shedder = shedder;
        _classifier = classifier;
        _rejecter = rejecter;
        _windows = windows;
        _calls = calls;
        _credits = new Credits(shedder);
        _pool = GatedRequestPool.Create(new OutcomeSource(options.OutcomeOf, logger), new PlacementCheck(classifier, logger));
        _logger = logger;
    }

    /// <summary>Runs when the pipeline is built, before the server listens: what is wrong stops the start.</summary>
    public static BackpressureMiddleware Create(RequestDelegate next, IServiceProvider services)
    {
        ILogger logger = GuardedLogger.Create(services.GetRequiredService<ILoggerFactory>());
        IOptions<BackpressureHttpOptions> options = services.GetRequiredService<IOptions<BackpressureHttpOptions>>();
        LoadShedder shedder = services.GetRequiredService<LoadShedder>();
        EndpointPolicies.Check(shedder, services, logger);
        return new BackpressureMiddleware(
            next,
            shedder,
            new Classifier(shedder, services.GetService<ParameterPolicyFactory>(), options, logger),
            new Rejecter(options, logger),
            new WindowBudget(services.GetService<IOptions<KestrelServerOptions>>()?.Value.Limits.Http2 ?? new KestrelServerOptions().Limits.Http2),
            services.GetService<AmbientRequests>() is { } ambient ? new OutgoingCalls(ambient) : null,
            options.Value,
            logger);
    }

    public Task InvokeAsync(HttpContext context)
    {
        IFeatureCollection features = context.Features;
        if (features[GatedRequest.FeatureType] is not null)
        {
            // It has passed its gate: the pipeline is being executed again, or this is the second UseBackpressure.
            return _next(context);
        }

        Endpoint? endpoint = (features[EndpointFeatureType] as IEndpointFeature)?.Endpoint;

        // Whoever keeps a feature must look for it again once another is set: so it is set before any of them is asked for.
        GatedRequest gated = _pool.Get();
        features[GatedRequest.FeatureType] = gated;
        bool decided;
        try
        {
            decided = TryDecidePlain(context, features, gated, endpoint);
        }
#pragma warning disable CA1031 // A fault of our own must not fail a request.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return FailOpen(context, e);
        }

        return decided ? RunOrRejectAsync(context, gated, endpoint is not null) : DecideByStages(context, gated, endpoint);
    }

    // The way that most requests take; nothing that only others need is on it.
    private bool TryDecidePlain(HttpContext context, IFeatureCollection features, GatedRequest gated, Endpoint? endpoint) =>
        _classifier.TryClassifyPlain(context, (IHttpRequestFeature)features[RequestFeatureType]!, endpoint, out RequestClass? requestClass)
        && gated.TryDecide(_shedder, requestClass);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task DecideByStages(HttpContext context, GatedRequest gated, Endpoint? endpoint)
    {
        AdmissionRequest request;
        WindowBudget.Reservation reservation = default;
        try
        {
            request = _classifier.Classify(context, endpoint, out PolicySettings policy);
            if (_calls is not null)
            {
                gated.TimeLeft = request.TimeLeft;
                request = _calls.IsBack(context, policy) ? request with { NoWait = true } : request;
            }

            if (policy.Overflow != Overflow.Reject && !_windows.TryReserve(context, ref reservation))
            {
                request = request with { NoWait = true };
            }
        }
#pragma warning disable CA1031 // A fault of our own must not fail a request.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return FailOpen(context, e);
        }

        ValueTask<AdmissionLease> admission = _shedder.AdmitAsync(in request, context.RequestAborted);
        if (!admission.IsCompletedSuccessfully)
        {
            return WaitAsync(context, gated, admission, reservation, endpoint is not null);
        }

        reservation.Release();
        gated.Take(admission.Result);
        return RunOrRejectAsync(context, gated, endpoint is not null);
    }

    private Task FailOpen(HttpContext context, Exception fault)
    {
        Log.FailedOpen(_logger, fault);
        context.Features[GatedRequest.FeatureType] = null;
        return _next(context);
    }

    private async Task WaitAsync(
        HttpContext context, GatedRequest gated, ValueTask<AdmissionLease> admission, WindowBudget.Reservation reservation, bool hasEndpoint)
    {
        Activity? span = WaitSpan.Start();
        try
        {
            gated.Take(await admission);
        }
        finally
        {
            reservation.Release();
        }

        WaitSpan.End(span, in gated.Lease);
        await RunOrRejectAsync(context, gated, hasEndpoint);
    }

    private Task RunOrRejectAsync(HttpContext context, GatedRequest gated, bool hasEndpoint)
    {
        gated.Begin(context, HttpMethods.IsGet(((IHttpRequestFeature)context.Features[RequestFeatureType]!).Method), hasEndpoint);
        if (_calls is not null && gated.Lease.IsAdmitted)
        {
            gated.Ambient = _calls.Begin(context, in gated.Lease, gated.TimeLeft);
        }

        if (gated.Lease.Policy.Credits != CreditGrant.Nobody && Credits.GrantTo(context, in gated.Lease))
        {
            gated.Credits = _credits;
            Credits.HeedThoseHeldBack(context, in gated.Lease);
        }

        ActivityTags.Add(gated);
        return !gated.Lease.IsAdmitted ? _rejecter.WriteAsync(gated)
            : GoesBehindArrivals(gated) ? RunBehindArrivalsAsync(gated, _next)
            : gated.RunAsync(_next);
    }

    // The pool runs what was queued first. Where handlers compute, those that wait for a thread have not come to the gate yet, so it
    // cannot tell who matters, and a thread that comes by with one after the other always finds it free. While a signal is up, or where
    // waits for a thread are one and anything waits, a handler therefore goes behind all that have arrived.
    private static bool GoesBehindArrivals(GatedRequest gated) =>
        gated.LimitedBy is not null || (LoadShedder.HeedsThreadPool(in gated.Lease) && ThreadPool.PendingWorkItemCount > 0);

    private static async Task RunBehindArrivalsAsync(GatedRequest gated, RequestDelegate next)
    {
        await new BehindArrivals();
        await gated.RunAsync(next);
    }
}
