namespace Backpressure.AspNetCore.Running;

/// <summary>Tells gRPC by its content type: <c>application/grpc</c>, with a suffix, or gRPC-Web.</summary>
internal static class GrpcRequests
{
    private const string ContentType = "application/grpc";

    public static bool IsGrpc(string? contentType)
        => contentType is not null
            && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
            && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';' or '-' or ' ');
}
