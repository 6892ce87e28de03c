using Backpressure.Http.Responses;
using Backpressure.Observability;
using Polly;
using Polly.Telemetry;

namespace Backpressure.Http.Strategies;

/// <summary>Admits executions to a pipeline as a gate admits requests.</summary>
internal sealed class GateStrategy : ResilienceStrategy, IDisposable
{
    private static readonly ResilienceEvent Rejected = new(ResilienceEventSeverity.Error, "OnBackpressureRejected");

    private readonly LoadShedder _shedder;
    private readonly RequestClass[] _classes;
    private readonly BackpressureStrategyOptions _options;
    private readonly ResilienceStrategyTelemetry _telemetry;

    public GateStrategy(BackpressureStrategyOptions options, TimeProvider time, ResilienceStrategyTelemetry telemetry)
    {
        var engine = new BackpressureOptions();
        engine.Downstreams["Default"] = new DownstreamOptions { Limit = options.Limit, Queue = new QueueOptions { Capacity = options.QueueCapacity } };
        engine.Policies["Default"] = new PolicyOptions { MaxWait = options.MaxWait };
        _shedder = new LoadShedder(engine, time);
        _classes = [.. Enum.GetValues<Priority>().Select(priority => _shedder.ClassOf(options.Name ?? "pipeline", priority: priority))];
        _options = options;
        _telemetry = telemetry;
    }

    public void Dispose() => _shedder.Dispose();

    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        Priority priority = _options.PriorityOf?.Invoke(context) ?? Priority.Normal;
        RequestClass requestClass = _classes[priority.IsDefined() ? (int)priority : (int)Priority.Normal];
        AdmissionLease lease = await _shedder
            .AdmitAsync(new AdmissionRequest(requestClass), context.CancellationToken)
            .ConfigureAwait(context.ContinueOnCapturedContext);
        if (!lease.IsAdmitted)
        {
            return await RefuseAsync<TResult>(lease, context).ConfigureAwait(context.ContinueOnCapturedContext);
        }

        Outcome outcome = Outcome.Ignored;
        try
        {
            Outcome<TResult> result = await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);
            outcome = OutcomeOf(result, context.CancellationToken);
            return result;
        }
        finally
        {
            lease.Complete(outcome);
        }
    }

    private async ValueTask<Outcome<TResult>> RefuseAsync<TResult>(AdmissionLease lease, ResilienceContext context)
    {
        if (lease.Reason == RejectionReason.ClientAborted)
        {
            return Polly.Outcome.FromException<TResult>(new OperationCanceledException(context.CancellationToken));
        }

        var rejection = new BackpressureRejectedException(
            $"{_options.Name ?? "Backpressure"} has refused the execution ({lease.Reason.Tag()}). Try again in {lease.RetryAfter.TotalSeconds:0} s.",
            lease.Reason,
            lease.RetryAfter);
        _telemetry.SetTelemetrySource(rejection);
        _telemetry.Report(Rejected, context, Polly.Outcome.FromException<TResult>(rejection), rejection);
        if (_options.OnRejected is { } onRejected)
        {
            await onRejected(rejection).ConfigureAwait(context.ContinueOnCapturedContext);
        }

        return Polly.Outcome.FromException<TResult>(rejection);
    }

    private Outcome OutcomeOf<TResult>(in Outcome<TResult> result, CancellationToken cancellationToken)
    {
        if (_options.OutcomeOf is { } outcomeOf)
        {
            Outcome<object> boxed = result.Exception is { } e ? Polly.Outcome.FromException<object>(e) : Polly.Outcome.FromResult<object>(result.Result!);
            if (outcomeOf(boxed) is { } said)
            {
                return said;
            }
        }

        return result switch
        {
            { Exception: OperationCanceledException } when cancellationToken.IsCancellationRequested => Outcome.Ignored,
            { Exception: { } exception } => CallOutcomes.Of(exception),
            { Result: HttpResponseMessage { RequestMessage: { } request } response } => CallOutcomes.Of(request, response),
            _ => Outcome.Success,
        };
    }
}
