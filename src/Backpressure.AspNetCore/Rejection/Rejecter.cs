using Backpressure.AspNetCore.Running;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Backpressure.AspNetCore.Rejection;

/// <summary>Answers a request that does not run. Never by an exception: a refusal must stay cheap.</summary>
internal sealed class Rejecter(IOptions<BackpressureHttpOptions> options, ILogger logger)
{
    private const string ProblemType = "application/problem+json";
    private const string TextType = "text/plain; charset=utf-8";

    private readonly Func<HttpContext, IBackpressureFeature, ValueTask>? _onRejected = options.Value.OnRejected;
    private readonly RejectionBodies _bodies = new();

    public Task WriteAsync(GatedRequest gated)
    {
        HttpContext context = gated.Context;
        HttpResponse response = context.Response;
        if (response.HasStarted)
        {
            return Task.CompletedTask;
        }

        if (gated.Reason == RejectionReason.ClientAborted || context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads it; the status is for those who log and count.
            response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return Task.CompletedTask;
        }

        // Rounded up: who comes back a moment early is refused again.
        int seconds = (int)Math.Ceiling(gated.RetryAfter.TotalSeconds);
        bool grpc = GrpcRequests.IsGrpc(context.Request.ContentType);
        if (grpc)
        {
            GrpcRejection.Set(context, gated.Reason, seconds);
        }
        else
        {
            SetStatusAndHeaders(response, gated, seconds);
        }

        gated.Credits?.Tell(gated);
        if (_onRejected is not null)
        {
            return CallThenWrite(gated, seconds, grpc);
        }

        return grpc ? Task.CompletedTask : WriteBody(context, gated.Reason, seconds);
    }

    private static void SetStatusAndHeaders(HttpResponse response, GatedRequest gated, int seconds)
    {
        response.StatusCode = RejectionReasons.StatusOf(gated.Reason);
        IHeaderDictionary headers = response.Headers;
        headers.CacheControl = "no-store";
        if (seconds > 0)
        {
            headers.RetryAfter = RejectionBodies.Text(seconds);
        }

        if (gated.Reason == RejectionReason.RateLimited && gated.Lease.RateLimit is { } status)
        {
            RateLimitHeaders.Set(headers, status);
        }
    }

    private async Task CallThenWrite(GatedRequest gated, int seconds, bool grpc)
    {
        HttpContext context = gated.Context;
        HttpResponse response = context.Response;
        int status = response.StatusCode;
        string? contentType = response.ContentType;
        try
        {
            await _onRejected!(context, gated);
        }
#pragma warning disable CA1031 // The rejection stands without it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.CallbackFailed(logger, e, nameof(BackpressureHttpOptions.OnRejected));
        }

        bool written = response.HasStarted
            || response.StatusCode != status
            || response.ContentType != contentType
            || response.BodyWriter is { CanGetUnflushedBytes: true, UnflushedBytes: > 0 };
        if (!written && !grpc)
        {
            await WriteBody(context, gated.Reason, seconds);
        }
    }

    private Task WriteBody(HttpContext context, RejectionReason reason, int seconds)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return Task.CompletedTask;
        }

        BodyKind kind = AcceptHeader.KindFor(context.Request.Headers.Accept);
        HttpResponse response = context.Response;
        if (kind == BodyKind.None)
        {
            response.ContentLength = 0;
            return Task.CompletedTask;
        }

        byte[] body = _bodies.Get(reason, seconds, kind == BodyKind.Problem);
        IHeaderDictionary headers = response.Headers;
        headers.ContentType = kind == BodyKind.Problem ? ProblemType : TextType;
        headers.ContentLength = body.Length;
        ValueTask writing = response.Body.WriteAsync(body);
        return writing.IsCompletedSuccessfully ? Task.CompletedTask : AwaitWrite(writing);
    }

    private static async Task AwaitWrite(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left while it was told to come back later.
        }
    }
}
