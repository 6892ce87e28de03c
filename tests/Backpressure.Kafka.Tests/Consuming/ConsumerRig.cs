using Backpressure.Kafka.Consuming;
using Backpressure.Kafka.Tests.Broker;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Kafka.Tests.Consuming;

/// <summary>Consumers of one group before a mock cluster. Their clock stands still unless a test moves it; the client's is real.</summary>
/// <remarks>
/// The mock's group coordinator waits for a member that joins a running group until a second before <c>session.timeout.ms</c>, 44 s by default, so a
/// test says less. And unlike a real one it refuses commits while members join, so what was done since the last commit is done again where a
/// partition goes at that moment: always under an eager strategy, and under a cooperative one when the other member joins once more meanwhile, as it
/// does on a busy machine. <see cref="CommitWasRefused"/> says that it did.
/// </remarks>
internal sealed class ConsumerRig : IDisposable
{
    public ConsumerRig(int partitions)
    {
        Cluster.FirstRebalanceAfter(TimeSpan.FromMilliseconds(100));
        Cluster.CreateTopic("orders", partitions);
        Partitions = partitions;
    }

    public MockCluster Cluster { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public FakeLogCollector Logs { get; } = new();

    public int Partitions { get; }

    /// <summary>Whether the coordinator has refused a commit because members were joining.</summary>
    public bool CommitWasRefused => Logs.GetSnapshot().Any(static entry => entry.Message.Contains("in group billing failed: Broker: Group rebalance in progress", StringComparison.Ordinal));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ConsumerWorker Worker(Recorder handler, Action<KafkaConsumerOptions>? configure = null, LoadShedder? shedder = null)
    {
        var options = new KafkaConsumerOptions { BootstrapServers = Cluster.Bootstrap, GroupId = "billing", Topic = "orders", HandOverTimeout = TimeSpan.FromSeconds(30) };
        options.Client["auto.offset.reset"] = "earliest";
        options.Client["session.timeout.ms"] = "3000";
        options.Client["heartbeat.interval.ms"] = "100";
        configure?.Invoke(options);
        return new ConsumerWorker(options, "Kafka:Consumer", handler.HandleAsync, Time, new FakeLogger(Logs), shedder);
    }

    /// <summary>One that runs.</summary>
    public async Task<ConsumerWorker> StartAsync(Recorder handler, Action<KafkaConsumerOptions>? configure = null, LoadShedder? shedder = null)
    {
        ConsumerWorker worker = Worker(handler, configure, shedder);
        await worker.StartAsync(Cancelled);
        return worker;
    }

    public async Task ProduceToAllAsync(int count) =>
        await Task.WhenAll([.. Enumerable.Range(0, Partitions).Select(partition => Cluster.ProduceAsync("orders", partition, count))]);

    /// <summary>What the group has committed, by partition; -1001: nothing.</summary>
    public long[] Committed()
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = Cluster.Bootstrap, GroupId = "billing" })
            .SetLogHandler(static (_, _) => { }).Build();
        return [.. consumer.Committed(Enumerable.Range(0, Partitions).Select(static partition => new TopicPartition("orders", partition)), Eventually.Patience)
            .Select(static offset => offset.Offset.Value)];
    }

    public int Count(LogLevel level) => Logs.GetSnapshot().Count(entry => entry.Level == level);

    public static IEnumerable<long> Offsets(int count) => Enumerable.Range(0, count).Select(static offset => (long)offset);

    public void Dispose() => Cluster.Dispose();
}
