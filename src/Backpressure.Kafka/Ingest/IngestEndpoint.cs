using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Backpressure.Observability;
using Confluent.Kafka;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Backpressure.Kafka.Ingest;

/// <summary>Takes a request's body as a message.</summary>
internal sealed class IngestEndpoint(KafkaIngest ingest, Func<HttpContext, KafkaIngestTraits>? describe)
{
    /// <summary>The parameter of the pattern that says which topic.</summary>
    public const string TopicParameter = "topic";

    private const string Unavailable = "https://tools.ietf.org/html/rfc9110#section-15.6.4";

    public async Task HandleAsync(HttpContext context)
    {
        if (ingest.Find(context.Request.RouteValues[TopicParameter] as string) is not { } topic)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        long? declared = context.Request.ContentLength;
        KafkaIngestTraits traits = describe?.Invoke(context) ?? default;
        byte[]? key = KafkaIngest.KeyOf(traits.Key);
        int most = ingest.MaxMessageBytes - (key?.Length ?? 0);
        if (most < 0 || declared > most)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = most;
        }

        // While it waits its body is not read, so TCP holds the sender back. Not so beyond HTTP/1.1: bodies that wait would fill the window
        // that they share with the body of one that has its place already, and both would wait for each other.
        bool readFirst = !HttpProtocol.IsHttp11(context.Request.Protocol) && !HttpProtocol.IsHttp10(context.Request.Protocol);
        byte[]? body = readFirst ? await ReadAsync(context, declared: null, most) : null;
        if (readFirst && body is null)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        Delivery delivery = await ingest.EnterAsync(topic, body?.Length ?? declared ?? most, traits.Priority, context.RequestAborted);
        if (delivery.IsAdmitted && body is null)
        {
            try
            {
                body = await ReadAsync(context, declared, most);
            }
            finally
            {
                if (body is null)
                {
                    delivery.End(Outcome.Ignored, default);
                }
            }

            if (body is null)
            {
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return;
            }
        }

        await AnswerAsync(context, await ingest.SendAsync(topic, delivery, key, body, traits.Headers ?? HeadersOf(context.Request)));
    }

    /// <param name="context">The request.</param>
    /// <param name="declared">Its length, for which there is a place already; null: memory is taken only for what comes.</param>
    /// <param name="most">The longest that is accepted.</param>
    /// <returns>The body; null: it is too long.</returns>
    private static async Task<byte[]?> ReadAsync(HttpContext context, long? declared, int most)
    {
        if (declared is { } length)
        {
            byte[] exact = new byte[length];
            await context.Request.Body.ReadExactlyAsync(exact, context.RequestAborted);
            return exact;
        }

        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > most)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                byte[] all = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return all;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static Headers? HeadersOf(HttpRequest request) =>
        request.ContentType is { } type ? [new Header("content-type", Encoding.UTF8.GetBytes(type))] : null;

    private static Task AnswerAsync(HttpContext context, in KafkaIngestResult result)
    {
        HttpResponse response = context.Response;
        switch (result)
        {
            case { Status: KafkaIngestStatus.Stored or KafkaIngestStatus.Buffered }:
                response.StatusCode = StatusCodes.Status202Accepted;
                return Task.CompletedTask;
            case { Reason: RejectionReason.ClientAborted }:
                // Nobody reads it; the status is for those who log and count.
                response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return Task.CompletedTask;
            case { Status: KafkaIngestStatus.Rejected }:
                return RefuseAsync(
                    context, result, result.Reason.Tag(),
                    result.Reason == RejectionReason.ShuttingDown ? "The service is shutting down." : "The buffer for this topic is full.");
            case { Error.Code: ErrorCode.MsgSizeTooLarge }:
                response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return Task.CompletedTask;
            default:
                return RefuseAsync(context, result, "not_acknowledged", "No broker has acknowledged the message, so it may be stored or not.");
        }
    }

    private static Task RefuseAsync(HttpContext context, in KafkaIngestResult result, string reason, string title)
    {
        int seconds = (int)Math.Ceiling(result.RetryAfter.TotalSeconds);
        context.Response.Headers.CacheControl = "no-store";
        if (seconds > 0)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Problem(
            statusCode: StatusCodes.Status503ServiceUnavailable, title: title, type: Unavailable,
            extensions: new Dictionary<string, object?> { ["reason"] = reason, ["retryAfterSeconds"] = seconds }).ExecuteAsync(context);
    }
}
