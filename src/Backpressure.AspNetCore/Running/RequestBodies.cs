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
    /// Whether the time to serve it says something of the downstream and not of the sender's line. Messages and documents (gRPC, JSON,
    /// XML, forms) are small as a rule where their length is not said, as <c>PostAsJsonAsync</c> does not; without this exception
    /// a service that is asked by them would learn nothing.
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
            : !MayHaveBody(context) || GrpcRequests.IsGrpc(request.ContentType) || IsDocument(request.ContentType);
    }

    private static bool IsDocument(string? contentType)
    {
        ReadOnlySpan<char> type = contentType;
        int parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).TrimEnd();
        return Is(type, "application/json") || Is(type, "application/xml") || Is(type, "text/xml") || Is(type, "application/x-www-form-urlencoded")
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+xml", StringComparison.OrdinalIgnoreCase);

        static bool Is(ReadOnlySpan<char> type, string name) => type.Equals(name, StringComparison.OrdinalIgnoreCase);
    }
}
