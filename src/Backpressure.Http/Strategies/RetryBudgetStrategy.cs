using Polly;
using Polly.Telemetry;

namespace Backpressure.Http.Strategies;

/// <summary>
/// Stands inside a retry: the first execution of a context brings to the budget, each further one takes from it or ends the retrying
/// with what the attempt before it has ended with.
/// </summary>
internal sealed class RetryBudgetStrategy(RetryBudgetStrategyOptions options, ResilienceStrategyTelemetry telemetry) : ResilienceStrategy
{
    private static readonly ResilienceEvent Exhausted = new(ResilienceEventSeverity.Warning, "OnRetryBudgetExhausted");

    // One a strategy: a pipeline may have two, for two kinds of retries.
    private readonly ResiliencePropertyKey<AttemptBefore?> _before = new("Backpressure.RetryBudget." + Guid.NewGuid().ToString("N"));
    private readonly RetryBudgets _budgets = new(options);

    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        RetryBudget budget = _budgets.Of(context);
        AttemptBefore? before = context.Properties.GetValue(_before, null);
        if (before is null)
        {
            budget.NoteFirstAttempt();
        }
        else if (!budget.TryRetry())
        {
            return await RefuseAsync<TResult>(before, context).ConfigureAwait(context.ContinueOnCapturedContext);
        }

        Outcome<TResult> outcome = await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);

        // Not the result: whoever retries disposes of it.
        context.Properties.Set(_before, new AttemptBefore(outcome.Exception, (outcome.Result as HttpResponseMessage)?.StatusCode));
        return outcome;
    }

    private async ValueTask<Outcome<TResult>> RefuseAsync<TResult>(AttemptBefore before, ResilienceContext context)
    {
        string ended = before switch
        {
            { Exception: { } e } => e.GetType().Name,
            { Status: { } status } => $"status {(int)status}",
            _ => "a result that is retried",
        };
        string message = $"The retry budget is spent, so the attempt before stands: it ended with {ended}.";
        BackpressureRejectedException rejection = before.Exception is { } inner ? new(message, inner) : new(message);
        telemetry.SetTelemetrySource(rejection);
        telemetry.Report(Exhausted, context, Polly.Outcome.FromException<TResult>(rejection), rejection);
        if (options.OnExhausted is { } onExhausted)
        {
            await onExhausted(context).ConfigureAwait(context.ContinueOnCapturedContext);
        }

        return Polly.Outcome.FromException<TResult>(rejection);
    }

    private sealed record AttemptBefore(Exception? Exception, System.Net.HttpStatusCode? Status);
}
