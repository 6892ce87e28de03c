using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// Who says what became of a request: its handler, else the callback, else the table. Never throws: the slot must be
/// freed and the handler's own exception must come through.
/// </summary>
internal sealed class OutcomeSource(Func<HttpContext, Exception?, Outcome?>? outcomeOf, ILogger logger)
{
    /// <summary>What became of it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="exception">What its handler threw.</param>
    /// <param name="setByHandler">What its handler said.</param>
    /// <param name="isGet">Whether it came with GET, and so is no call by gRPC.</param>
    /// <param name="livesLong">Whether its slot is free since its response began.</param>
    public Outcome Of(HttpContext context, Exception? exception, Outcome? setByHandler, bool isGet, bool livesLong)
        => setByHandler ?? OfCallback(context, exception) ?? OfTable(context, exception, isGet, livesLong);

    private Outcome? OfCallback(HttpContext context, Exception? exception)
    {
        if (outcomeOf is null)
        {
            return null;
        }

        try
        {
            return outcomeOf(context, exception);
        }
#pragma warning disable CA1031 // See above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.CallbackFailed(logger, e, nameof(BackpressureHttpOptions.OutcomeOf));
            return null;
        }
    }

    private Outcome OfTable(HttpContext context, Exception? exception, bool isGet, bool livesLong)
    {
        try
        {
            // A stream that was idle is ended by cancelling it, which says nothing of what it reads from.
            return livesLong && exception is OperationCanceledException ? Outcome.Ignored : Outcomes.Of(context, exception, isGet);
        }
#pragma warning disable CA1031 // See above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.OutcomeUnknown(logger, e);
            return Outcome.Ignored;
        }
    }
}
