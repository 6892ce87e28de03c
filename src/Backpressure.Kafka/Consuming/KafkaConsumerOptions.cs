namespace Backpressure.Kafka;

/// <summary>What a consumer reads, how much of it at once, and what becomes of what cannot be handled.</summary>
public sealed class KafkaConsumerOptions
{
    /// <summary>The cluster: <c>host:port</c>, several with commas. Required.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>The consumer group to join. Required.</summary>
    public string? GroupId { get; set; }

    /// <summary>The topic. Required.</summary>
    public string? Topic { get; set; }

    /// <summary>
    /// Messages of a partition that are taken and cannot be committed yet at which it is paused, so that the rest stays with the brokers: those
    /// that wait or are being handled, and those that are done while one before them is not. 1 to 1 000 000; default 64.
    /// </summary>
    public int HighWatermark { get; set; } = 64;

    /// <summary>
    /// How many of them are left when the partition is resumed. 0 to one below <see cref="HighWatermark"/>; default <see langword="null"/>: half of it.
    /// </summary>
    public int? LowWatermark { get; set; }

    /// <summary>
    /// Bytes of these messages, keys and values, at which a partition is paused, should that come first. It may be exceeded by one message.
    /// 1024 to 1 GiB; default 8 MiB.
    /// </summary>
    public int HighWatermarkBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// How many of these bytes are left when it is resumed. 0 to one below <see cref="HighWatermarkBytes"/>; default <see langword="null"/>: half of it.
    /// </summary>
    public int? LowWatermarkBytes { get; set; }

    /// <summary>Messages that are handled at once, of all partitions together. 1 to 1000; default 16.</summary>
    public int MaxConcurrency { get; set; } = 16;

    /// <summary>Which messages are handled one after the other. Default <see cref="KafkaMessageOrder.Partition"/>.</summary>
    public KafkaMessageOrder Order { get; set; }

    /// <summary>What becomes of a message whose handler keeps throwing. Default <see cref="KafkaFailurePolicy.Retry"/>.</summary>
    public KafkaFailurePolicy OnFailure { get; set; }

    /// <summary>
    /// How often a message is tried before it stops its partition or is skipped. 1 to 1000; default <see langword="null"/>: 5. Refused with
    /// <see cref="KafkaFailurePolicy.Retry"/>, which has no last attempt.
    /// </summary>
    public int? MaxAttempts { get; set; }

    /// <summary>The pause after the first attempt that failed; it doubles with each, up to 30 s. 1 ms to 30 s; default 1 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a partition that goes to another consumer, or a host that stops, waits for what is being handled. What has not ended by then is
    /// told to, is not committed and comes again. 0 to 1 minute, and shorter than <c>max.poll.interval.ms</c>; default 5 s.
    /// </summary>
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time in which the group shall catch up with what is behind, for the hint of how many consumers it wants. 1 s to 10 minutes; default 1 minute.
    /// </summary>
    public TimeSpan CatchUpTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A policy of the host's <see cref="LoadShedder"/>: each message then asks its downstream's gate for admission before it is handled, and while
    /// the gate is full the consumer takes no more than its watermarks. Best one that blocks: one that is refused asks again after its Retry-After.
    /// Default <see langword="null"/>: no gate.
    /// </summary>
    public string? Policy { get; set; }

    /// <summary>
    /// Further properties of librdkafka, by its own names, such as <c>security.protocol</c>, <c>auto.offset.reset</c> and
    /// <c>partition.assignment.strategy</c>. Those that other options set, and those that would lose messages, are refused. Default none.
    /// </summary>
    public IDictionary<string, string> Client { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
