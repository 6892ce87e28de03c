namespace Backpressure.Kafka;

/// <summary>Where messages go, and how much is held until a broker has them.</summary>
public sealed class KafkaIngestOptions
{
    /// <summary>The cluster: <c>host:port</c>, several with commas. Required.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>The topics that may be written to, by name, letter for letter; at least one. All others are refused.</summary>
    public IDictionary<string, KafkaTopicOptions> Topics { get; } = new Dictionary<string, KafkaTopicOptions>(StringComparer.Ordinal);

    /// <summary>
    /// Bytes of messages that are held until a broker has acknowledged them. 1 KiB to 1 GiB; default 32 MiB (Kafka's <c>buffer.memory</c>).
    /// Each message counts as at least a thousandth of <see cref="MaxMessageBytes"/> and at least 1 KiB.
    /// </summary>
    public int BufferMemory { get; set; } = 32 * 1024 * 1024;

    /// <summary>
    /// The longest message, key and value together. 1 to 100 000 000 bytes and at most <see cref="BufferMemory"/>; default 1 000 000, which
    /// brokers take by default.
    /// </summary>
    public int MaxMessageBytes { get; set; } = 1_000_000;

    /// <summary>
    /// How many messages may wait for the buffer, for each of <see cref="Overflow.Block"/> and <see cref="Overflow.Shed"/>. 0 to 1 000 000;
    /// default 1000.
    /// </summary>
    public int MaxWaiting { get; set; } = 1000;

    /// <summary>
    /// How long is tried to deliver a message, through however many failures, until it counts as failed. 1 s to 10 minutes;
    /// default 2 minutes (Kafka's <c>delivery.timeout.ms</c>).
    /// </summary>
    public TimeSpan DeliveryTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Further properties of librdkafka, by its own names, such as <c>security.protocol</c> and <c>compression.type</c>. Those that other
    /// options set, and those that would lose messages, are refused. Default none.
    /// </summary>
    public IDictionary<string, string> Client { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
