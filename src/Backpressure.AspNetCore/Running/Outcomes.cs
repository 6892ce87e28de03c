using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Backpressure.AspNetCore.Running;

/// <summary>The table at <see cref="IBackpressureFeature.Outcome"/>.</summary>
internal static class Outcomes
{
    public static Outcome Of(HttpContext context, Exception? exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            return Outcome.Ignored;
        }

        if (exception is not null)
        {
            return OfException(exception);
        }

        HttpResponse response = context.Response;
        return HttpMethods.IsPost(context.Request.Method) && GrpcRequests.IsGrpc(response.ContentType) && GrpcStatusOf(context) is { Length: > 0 } status
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

    private static string? GrpcStatusOf(HttpContext context)
        => context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { } trailers && trailers.TryGetValue("grpc-status", out var trailer)
            ? trailer.ToString()
            : context.Response.Headers["grpc-status"].ToString();
}
