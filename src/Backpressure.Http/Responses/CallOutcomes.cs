using System.Net;
using System.Net.Http.Headers;
using Backpressure.Http.Sending;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Backpressure.Http.Responses;

/// <summary>What became of a call, as a sign of its destination's health: refusals and time-outs are, other failures are not.</summary>
internal static class CallOutcomes
{
    public static Outcome Of(HttpRequestMessage request, HttpResponseMessage response) =>
        response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => Outcome.Dropped,
            HttpStatusCode.OK when GrpcCalls.IsGrpc(request) => OfTrailersOnly(response),
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => Outcome.Ignored,
            _ => Outcome.Success,
        };

    /// <summary>Of an exception that is no cancellation of the caller's own.</summary>
    public static Outcome Of(Exception exception)
    {
        if (exception is OperationCanceledException or BrokenCircuitException or TimeoutRejectedException)
        {
            return Outcome.Dropped;
        }

        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is TimeoutException)
            {
                return Outcome.Dropped;
            }
        }

        return Outcome.Ignored;
    }

    /// <summary>
    /// Of a gRPC answer that has its status in the headers, which is how refusals come. Otherwise it stands behind the body, and the
    /// answer that has begun is a success.
    /// </summary>
    private static Outcome OfTrailersOnly(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues(GrpcCalls.Status, out HeaderStringValues status))
        {
            return Outcome.Success;
        }

        return status.ToString() switch
        {
            "4" or "8" or "14" => Outcome.Dropped,
            "1" or "2" or "13" or "15" => Outcome.Ignored,
            _ => Outcome.Success,
        };
    }
}
