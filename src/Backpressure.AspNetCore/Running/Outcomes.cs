using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Backpressure.AspNetCore.Running;

/// <summary>The table at <see cref="IBackpressureFeature.Outcome"/>.</summary>
internal static class Outcomes
{
    private static readonly Type LifetimeFeatureType = typeof(IHttpRequestLifetimeFeature);

    /// <summary>What became of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="exception">What its handler threw.</param>
    /// <param name="isGet">Whether it came with GET, and so is no call by gRPC.</param>
    public static Outcome Of(HttpContext context, Exception? exception, bool isGet = false)
    {
        if (IsAborted(context))
        {
            return Outcome.Ignored;
        }

        if (exception is not null)
        {
            return OfException(exception);
        }

        HttpResponse response = context.Response;
        return !isGet && HttpMethods.IsPost(context.Request.Method) && GrpcRequests.IsGrpc(response.ContentType) && GrpcStatusOf(context) is { Length: > 0 } status
            ? OfGrpcStatus(status)
            : OfStatus(response.StatusCode);
    }

    internal static Outcome OfStatus(int status) => status switch
    {
        StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout => Outcome.Dropped,
        StatusCodes.Status408RequestTimeout or StatusCodes.Status429TooManyRequests or StatusCodes.Status499ClientClosedRequest => Outcome.Ignored,
        >= 500 => Outcome.Ignored,
        _ => Outcome.Success,
    };

    internal static Outcome OfGrpcStatus(string status) => status switch
    {
        "4" or "8" or "14" => Outcome.Dropped,
        "1" or "2" or "13" or "15" => Outcome.Ignored,
        _ => Outcome.Success,
    };

    internal static Outcome OfException(Exception exception)
    {
        if (exception is OperationCanceledException)
        {
            return Outcome.Dropped;
        }

        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            // Database drivers wrap it.
            if (cause is TimeoutException)
            {
                return Outcome.Dropped;
            }
        }

        return Outcome.Ignored;
    }

    /// <summary>Whether the client has gone. Asked for by type: see <see cref="GatedRequest.FeatureType"/>.</summary>
    internal static bool IsAborted(HttpContext context)
        => (context.Features[LifetimeFeatureType] is IHttpRequestLifetimeFeature lifetime ? lifetime.RequestAborted : context.RequestAborted)
            .IsCancellationRequested;

    private static string? GrpcStatusOf(HttpContext context)
        => context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { } trailers && trailers.TryGetValue("grpc-status", out var trailer)
            ? trailer.ToString()
            : context.Response.Headers["grpc-status"].ToString();
}
