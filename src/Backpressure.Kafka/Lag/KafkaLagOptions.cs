namespace Backpressure.Kafka;

/// <summary>Whose lag is watched: how far a consumer group is behind a topic, seen from outside the group.</summary>
public sealed class KafkaLagOptions
{
    /// <summary>The cluster: <c>host:port</c>, several with commas. Required.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>The consumer group. It is only looked at, never joined. Required.</summary>
    public string? GroupId { get; set; }

    /// <summary>The topic. It is never created. Required.</summary>
    public string? Topic { get; set; }

    /// <summary>What <c>Soft</c> and <c>Hard</c> of the signal are compared with. Default <see cref="KafkaLagReading.Seconds"/>.</summary>
    public KafkaLagReading Reading { get; set; }

    /// <summary>How often the cluster is asked. 1 to 5 s; default 2 s.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Further properties of librdkafka, by its own names, such as <c>security.protocol</c> and <c>sasl.password</c>. Those that other options
    /// set are refused. Default none.
    /// </summary>
    public IDictionary<string, string> Client { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
