using System.Diagnostics.Metrics;
using Backpressure.Kafka.Consuming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;

namespace Backpressure.Kafka.Tests.Consuming;

public sealed class ConsumerMetricsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InAHost_ItHandlesInAScopeOfItsOwn_AndIsMeasured()
    {
        using var rig = new ConsumerRig(4);
        await rig.ProduceToAllAsync(10);
        var recorder = new Recorder
        {
            Throws = static message => message.Partition == 1 ? new InvalidOperationException("Poison.") : null,
            Holds = static message => message.Partition == 0,
        };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(recorder);
        builder.Services.AddSingleton<TimeProvider>(rig.Time);
        builder.Services.AddScoped<ScopedHandler>();
        builder.Services.AddBackpressureKafkaConsumer<ScopedHandler>("billing", options =>
        {
            (options.BootstrapServers, options.GroupId, options.Topic) = (rig.Cluster.Bootstrap, "billing", "orders");
            options.HighWatermark = 4;
            (options.OnFailure, options.MaxAttempts) = (KafkaFailurePolicy.Stop, 1);
            options.Client["auto.offset.reset"] = "earliest";
        });
        using IHost host = builder.Build();
        IMeterFactory meters = host.Services.GetRequiredService<IMeterFactory>();
        await host.StartAsync(Cancelled);
        ConsumerWorker worker = host.Services.GetRequiredKeyedService<ConsumerWorker>("billing");
        await Eventually.TrueAsync(
            () => recorder.Done.Count == 20 && worker.Works.Count(static work => work is { IsStopped: true, IsPaused: true }) == 1
                && worker.Works.Count(static work => work is { IsStopped: false, IsPaused: true }) == 1,
            "two partitions are done, one is full, one has stopped");

        Assert.Equal([("flowing", 2L), ("paused", 1L), ("stopped", 1L)], Read(meters, "partitions", "backpressure.kafka.state"));
        Assert.Equal([("handled", 20L), ("skipped", 0L)], Read(meters, "messages", "backpressure.kafka.result"));
        Assert.Equal([("orders", 1L)], Read(meters, "active", "backpressure.kafka.topic"));
        Assert.Equal([("billing", 1L)], Read(meters, "failures", "backpressure.kafka.group"));
        Assert.InRange(Assert.Single(Read(meters, "taken", "backpressure.kafka.topic")).Value, 5, 14);

        // The one that is held does nothing, with eight more behind it at the broker: it wants all there are.
        using var wanted = new MetricCollector<int>(meters, "Backpressure.Kafka", "backpressure.kafka.consumers.wanted");
        await Eventually.TrueAsync(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(2));
                wanted.RecordObservableInstruments();
                return wanted.LastMeasurement?.Value is 4;
            },
            "it wants one for each partition");
        recorder.LetGo();
        await host.StopAsync(Cancelled);
        Assert.Equal([10, 0], [recorder.OffsetsOf(2).Count(), recorder.OffsetsOf(1).Count()]);
    }

    private static List<(string Tag, long Value)> Read(IMeterFactory meters, string name, string tag)
    {
        using var collector = new MetricCollector<long>(meters, "Backpressure.Kafka", $"backpressure.kafka.consumer.{name}");
        collector.RecordObservableInstruments();
        return [.. collector.GetMeasurementSnapshot().Select(measured => ((string)measured.Tags[tag]!, measured.Value)).OrderBy(static measured => measured.Item1, StringComparer.Ordinal)];
    }

    internal sealed class ScopedHandler(Recorder recorder) : IKafkaMessageHandler
    {
        private bool _used;

        public Task HandleAsync(Confluent.Kafka.ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken)
        {
            Assert.False(_used);
            _used = true;
            return recorder.HandleAsync(message, cancellationToken);
        }
    }
}
