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
    public Outcome Of(HttpContext context, Exception? exception, Outcome? setByHandler, bool isGet)
        => setByHandler ?? OfCallback(context, exception) ?? OfTable(context, exception, isGet);

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

    private Outcome OfTable(HttpContext context, Exception? exception, bool isGet)
    {
        try
        {
            return Outcomes.Of(context, exception, isGet);
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
