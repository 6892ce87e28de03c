using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Backpressure.Http.Sending;

namespace Backpressure.Http.Responses;

/// <summary>
/// The answer to a call that was not sent: what the destination itself would have said, so that callers need one way to deal with
/// both, and a header that tells them apart. gRPC clients get their trailers-only form.
/// </summary>
internal static class LocalRefusal
{
    /// <summary>On refusals of this process only.</summary>
    public const string ReasonHeader = "Backpressure-Reason";

    public static HttpResponseMessage To(HttpRequestMessage request, string reason, int retryAfterSeconds)
    {
        bool grpc = GrpcCalls.IsGrpc(request);
        var response = new HttpResponseMessage(grpc ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable)
        {
            RequestMessage = request,
            Version = grpc ? HttpVersion.Version20 : request.Version,
            ReasonPhrase = grpc ? null : "Not sent: " + reason,
        };
        response.Headers.TryAddWithoutValidation(ReasonHeader, reason);
        if (grpc)
        {
            response.Content = new ByteArrayContent([]);
            response.Content.Headers.ContentType = new MediaTypeHeaderValue(GrpcCalls.ContentType);
            response.Headers.TryAddWithoutValidation(GrpcCalls.Status, GrpcCalls.Unavailable);
            response.Headers.TryAddWithoutValidation(GrpcCalls.Message, "Not sent: " + reason);
            if (retryAfterSeconds > 0)
            {
                response.Headers.TryAddWithoutValidation(GrpcCalls.Pushback, (retryAfterSeconds * 1000L).ToString(CultureInfo.InvariantCulture));
            }
        }
        else if (retryAfterSeconds > 0)
        {
            response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(retryAfterSeconds));
        }

        return response;
    }
}
