using System.Globalization;
using System.Net.Http.Headers;
using Backpressure.Http.Sending;

namespace Backpressure.Http.Responses;

/// <summary>When a destination that refuses wants to be asked again.</summary>
internal static class RetryAfter
{
    /// <summary>From now; zero: it does not say.</summary>
    public static TimeSpan Of(HttpResponseMessage response, TimeProvider time)
    {
        if (response.Headers.NonValidated.TryGetValues(GrpcCalls.Pushback, out HeaderStringValues pushback))
        {
            // Negative means not to retry this call at all; of others it says nothing.
            return int.TryParse(pushback.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds)
                ? TimeSpan.FromMilliseconds(milliseconds)
                : TimeSpan.Zero;
        }

        return response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => Positive(date - time.GetUtcNow()),
            _ => TimeSpan.Zero,
        };
    }

    /// <summary>What an open circuit says.</summary>
    public static TimeSpan Of(Exception exception) =>
        exception is Polly.CircuitBreaker.BrokenCircuitException { RetryAfter: { } after } ? Positive(after) : TimeSpan.Zero;

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
