using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// Tells, when a response starts, whether it lives on by nature: event streams, gRPC, upgraded connections. Those free
/// their slot there whatever their policy's <see cref="HoldUntil"/>, for a thousand open sockets are not a thousand
/// units of work.
/// </summary>
/// <remarks>
/// A unary gRPC call cannot be told from a stream by its headers, and need not be: its response starts when its work is
/// done, moments before its handler ends.
/// </remarks>
internal static class LongLivedResponses
{
    /// <summary>
    /// Whether the slot is free from here. What starts as a failure, or was called one by its handler, keeps its slot to
    /// its end: a slot that is freed here counts as a success, and of what follows only <see cref="Outcome.Dropped"/> reaches the limit.
    /// </summary>
    public static bool FreesSlot(HttpContext context, HoldUntil holdUntil, Outcome? setByHandler)
        => setByHandler is null or Outcome.Success
            && Outcomes.OfStatus(context.Response.StatusCode) == Outcome.Success
            && (holdUntil == HoldUntil.ResponseStart || IsLongLived(context));

    private static bool IsLongLived(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (response.StatusCode == StatusCodes.Status101SwitchingProtocols)
        {
            return true;
        }

        return response.ContentType is { } contentType && (IsEventStream(contentType) || GrpcRequests.IsGrpc(contentType))
            || (HttpMethods.IsConnect(context.Request.Method)
                && context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
                && response.StatusCode == StatusCodes.Status200OK);
    }

    private static bool IsEventStream(string contentType)
        => contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
}
