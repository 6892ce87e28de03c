namespace Backpressure;

/// <summary>Which headers tell when the caller stops caring.</summary>
public sealed class DeadlineOptions
{
    /// <summary>A header in gRPC's time-out form (<c>250m</c>, <c>2S</c>). Default <c>grpc-timeout</c>; empty: not read.</summary>
    public string GrpcTimeoutHeader { get; set; } = "grpc-timeout";

    /// <summary>A header in whole milliseconds. Default <c>x-envoy-expected-rq-timeout-ms</c>; empty: not read.</summary>
    public string MillisecondsHeader { get; set; } = "x-envoy-expected-rq-timeout-ms";
}
