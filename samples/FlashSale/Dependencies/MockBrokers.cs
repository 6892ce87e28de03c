using Confluent.Kafka;

namespace FlashSale.Dependencies;

/// <summary>
/// A Kafka broker for who has none: librdkafka's own mock in this process, the real protocol on a port of loopback. It keeps the last
/// 5 MiB of each partition, in memory.
/// </summary>
internal sealed class MockBrokers : IDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(10);

    private readonly IAdminClient _cluster;

    /// <exception cref="KafkaException">It did not start.</exception>
    public MockBrokers(string topic)
    {
        ClientConfig config = new() { BootstrapServers = "127.0.0.1:1" };
        config.Set("test.mock.num.brokers", "1");
        _cluster = new AdminClientBuilder(config).SetLogHandler(static (_, _) => { }).Build();

        // Who asks for a topic creates it here.
        Metadata metadata = _cluster.GetMetadata(topic, LongestStart);
        BootstrapServers = string.Join(',', metadata.Brokers.Select(static broker => $"{broker.Host}:{broker.Port}"));
    }

    /// <summary>Its address, as <c>bootstrap.servers</c> has it.</summary>
    public string BootstrapServers { get; }

    public void Dispose() => _cluster.Dispose();
}
