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
        if (TryReadPushback(response.Headers, out TimeSpan pushback))
        {
            return pushback;
        }

        return response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => Positive(date - time.GetUtcNow()),
            _ => TimeSpan.Zero,
        };
    }

    /// <summary>What a gRPC answer says behind its body.</summary>
    public static TimeSpan OfTrailers(HttpResponseMessage response) => TryReadPushback(response.TrailingHeaders, out TimeSpan pushback) ? pushback : TimeSpan.Zero;

    /// <summary>What an open circuit says.</summary>
    public static TimeSpan Of(Exception exception) =>
        exception is Polly.CircuitBreaker.BrokenCircuitException { RetryAfter: { } after } ? Positive(after) : TimeSpan.Zero;

    private static bool TryReadPushback(HttpResponseHeaders headers, out TimeSpan pushback)
    {
        pushback = TimeSpan.Zero;
        if (!headers.NonValidated.TryGetValues(GrpcCalls.Pushback, out HeaderStringValues values))
        {
            return false;
        }

        // Negative means not to retry this call at all; of others it says nothing.
        if (int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds))
        {
            pushback = TimeSpan.FromMilliseconds(milliseconds);
        }

        return true;
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
