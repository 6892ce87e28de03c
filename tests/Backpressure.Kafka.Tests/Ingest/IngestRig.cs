using System.Diagnostics.Metrics;
using Backpressure.Kafka.Ingest;
using Backpressure.Kafka.Tests.Broker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Kafka.Tests.Ingest;

/// <summary>A buffer before a mock cluster. The gate's clock stands still unless a test moves it; the client's is real.</summary>
internal sealed class IngestRig : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LoggerFactory _loggers;

    public IngestRig(Action<KafkaIngestOptions>? configure = null, Action<KafkaTopicOptions>? topic = null)
    {
        Cluster.CreateTopic("orders", 1);
        var options = new KafkaIngestOptions { BootstrapServers = Cluster.Bootstrap };
        options.Topics["orders"] = new KafkaTopicOptions();
        topic?.Invoke(options.Topics["orders"]);
        configure?.Invoke(options);
        _loggers = new LoggerFactory([new FakeLoggerProvider(Logs)]);
        Ingest = new KafkaIngest(options, "KafkaIngest", Time, _loggers, _services.GetRequiredService<IMeterFactory>());
    }

    public MockCluster Cluster { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public FakeLogCollector Logs { get; } = new();

    public KafkaIngest Ingest { get; }

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    /// <summary>Room for one message, and all brokers gone.</summary>
    public static IngestRig Full(Action<KafkaTopicOptions>? topic = null, int waiting = 1000)
    {
        var rig = new IngestRig(
            options =>
            {
                options.BufferMemory = 1024;
                options.MaxMessageBytes = 100;
                options.MaxWaiting = waiting;
            },
            topic);
        rig.Cluster.GoDown();
        rig.First = rig.ProduceAsync(0);
        return rig;
    }

    /// <summary>The message that fills a <see cref="Full"/> buffer.</summary>
    public Task<KafkaIngestResult> First { get; private set; } = Task.FromResult(default(KafkaIngestResult));

    public Task<KafkaIngestResult> ProduceAsync(int value, Priority? priority = null) =>
        Ingest.ProduceAsync("orders", new KafkaRecord { Value = BitConverter.GetBytes(value), Priority = priority }, TestContext.Current.CancellationToken).AsTask();

    public IEnumerable<int> Stored() => Cluster.ReadAll("orders", 1, TestContext.Current.CancellationToken).Select(value => BitConverter.ToInt32(value));

    public void Dispose()
    {
        Ingest.Dispose();
        Cluster.Dispose();
        _loggers.Dispose();
        _services.Dispose();
    }
}
