using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Backpressure.AspNetCore.Running;

/// <summary>What can be told of a request's body without reading it.</summary>
internal static class RequestBodies
{
    /// <summary>Up to here the upload is taken to be no part of the service time: it is mostly there before the handler reads it.</summary>
    private const long SmallBody = 64 * 1024;

    public static bool MayHaveBody(HttpContext context)
        => context.Request.ContentLength is { } length
            ? length > 0
            : context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;

    /// <summary>
    /// Whether the time to serve it says something of the downstream and not of the sender's line. A gRPC request has no
    /// length, but is small as a rule; without this exception a gRPC service would learn nothing.
    /// </summary>
    public static bool LatencyIsSample(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (HttpMethods.IsGet(request.Method))
        {
            // Most requests are, and hardly one of them carries a body: not worth looking for it.
            return true;
        }

        return request.ContentLength is { } length
            ? length <= SmallBody
            : !MayHaveBody(context) || GrpcRequests.IsGrpc(request.ContentType);
    }
}
