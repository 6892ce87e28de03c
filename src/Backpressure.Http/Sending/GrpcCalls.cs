namespace Backpressure.Http.Sending;

/// <summary>Tells gRPC calls by their content type: <c>application/grpc</c>, with a suffix, or gRPC-Web.</summary>
internal static class GrpcCalls
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Pushback = "grpc-retry-pushback-ms";

    public const string Unavailable = "14";

    public static bool IsGrpc(HttpRequestMessage request) => IsGrpc(request.Content);

    public static bool IsGrpc(HttpContent? content) =>
        content is not null
        && content.Headers.ContentType?.MediaType is { } type
        && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or '-');
}
