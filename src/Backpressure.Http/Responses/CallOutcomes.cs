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

    /// <summary>Whether it is a gRPC answer that has begun, and says behind its body what became of the call.</summary>
    public static bool IsOpen(HttpRequestMessage request, HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.OK
        && GrpcCalls.IsGrpc(request)
        && GrpcCalls.IsGrpc(response.Content)
        && !response.Headers.NonValidated.Contains(GrpcCalls.Status);

    /// <summary>Of a gRPC answer whose body has ended. One without a status was cut off, and that is no refusal.</summary>
    public static Outcome OfTrailers(HttpResponseMessage response) => OfGrpcStatus(response.TrailingHeaders);

    // Refusals have their status in the headers. Where there is none yet, the answer has begun and is a success so far.
    private static Outcome OfTrailersOnly(HttpResponseMessage response) => OfGrpcStatus(response.Headers);

    private static Outcome OfGrpcStatus(HttpResponseHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues(GrpcCalls.Status, out HeaderStringValues status))
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
