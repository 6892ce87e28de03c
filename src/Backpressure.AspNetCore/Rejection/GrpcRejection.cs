using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Rejection;

/// <summary>
/// A refusal that gRPC clients understand: trailers-only, which is status 200 with the trailers as headers and no body.
/// Then the client's retry policy waits for as long as the pushback says; a plain 503's Retry-After it does not see.
/// Source: gRPC A6, "gRPC Retry Design", pushback.
/// </summary>
internal static class GrpcRejection
{
    private const string ResourceExhausted = "8";
    private const string Unavailable = "14";

    public static void Set(HttpContext context, RejectionReason reason, int seconds)
    {
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = context.Request.ContentType;
        IHeaderDictionary headers = response.Headers;
        headers.GrpcStatus = reason == RejectionReason.RateLimited ? ResourceExhausted : Unavailable;
        headers.GrpcMessage = RejectionReasons.TitleOf(reason);
        if (seconds > 0)
        {
            headers["grpc-retry-pushback-ms"] = (seconds * 1000L).ToString(CultureInfo.InvariantCulture);
        }
    }
}
