namespace Backpressure.Kafka;

/// <summary>What a consumer reads, and how much of it at once.</summary>
public sealed class KafkaConsumerOptions
{
    /// <summary>The cluster: <c>host:port</c>, several with commas. Required.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>The consumer group to join. Required.</summary>
    public string? GroupId { get; set; }

    /// <summary>The topic. Required.</summary>
    public string? Topic { get; set; }

    /// <summary>
    /// Messages taken and not done at which the consumer stops taking: it pauses its partitions, so that the rest stays with the brokers.
    /// 1 to 1 000 000; default 64.
    /// </summary>
    public int HighWatermark { get; set; } = 64;

    /// <summary>
    /// Messages taken and not done at which it takes again. 0 to one below <see cref="HighWatermark"/>; default <see langword="null"/>: half of it.
    /// </summary>
    public int? LowWatermark { get; set; }

    /// <summary>
    /// How long a partition that goes to another consumer is kept so that its handler can end. What has not ended by then is done twice.
    /// 0 to 1 minute; default 5 s.
    /// </summary>
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Further properties of librdkafka, by its own names, such as <c>security.protocol</c> and <c>auto.offset.reset</c>. Those that other
    /// options set, and those that would lose messages, are refused. Default none.
    /// </summary>
    public IDictionary<string, string> Client { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
