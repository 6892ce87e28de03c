namespace Backpressure.Kafka.Consuming;

/// <summary>When a partition is paused, and when it is resumed. Between the two it stays as it is, so that it does not flap.</summary>
/// <param name="High">Messages at which it is paused.</param>
/// <param name="Low">Messages at which it is resumed.</param>
/// <param name="HighBytes">Bytes at which it is paused.</param>
/// <param name="LowBytes">Bytes at which it is resumed.</param>
internal readonly record struct Watermarks(int High, int Low, long HighBytes, long LowBytes)
{
    public static Watermarks Of(KafkaConsumerOptions options) => new(
        options.HighWatermark, options.LowWatermark ?? options.HighWatermark / 2,
        options.HighWatermarkBytes, options.LowWatermarkBytes ?? options.HighWatermarkBytes / 2);

    /// <summary>Whether a partition that holds so much, and is paused or not, shall be paused.</summary>
    public bool Pause(bool paused, int messages, long bytes) =>
        paused ? messages > Low || bytes > LowBytes : messages >= High || bytes >= HighBytes;
}
