using System.Collections.Concurrent;
using Backpressure.Kafka.Consuming;
using Backpressure.Kafka.Tests.Broker;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Kafka.Tests.Consuming;

public sealed class ConsumerWorkerTests : IDisposable
{
    private readonly MockCluster _cluster = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogCollector _logs = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_AreHandledInOrderOfTheirPartition_AndCommittedWhenItStops()
    {
        _cluster.CreateTopic("orders", 2);
        await _cluster.ProduceAsync("orders", 0, 50);
        await _cluster.ProduceAsync("orders", 1, 30);
        var handler = new Recorder();
        using ConsumerWorker worker = Worker(handler);

        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => handler.Done.Count == 80, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), handler.OffsetsOf(0));
        Assert.Equal(Enumerable.Range(0, 30).Select(i => (long)i), handler.OffsetsOf(1));
        Assert.Equal([50, 30], Committed(2));
    }

    [Fact]
    public async Task HighWatermark_PausesIt_AndTheRestStaysWithTheBroker_UntilTheLowOne()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 100);
        var handler = new Recorder { Held = true };
        using ConsumerWorker worker = Worker(handler, options =>
        {
            options.HighWatermark = 10;
            options.LowWatermark = 4;
        });

        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => worker.IsPaused, "it pauses");
        Assert.Equal(10, worker.Taken);
        handler.LetGo(5);
        await Eventually.TrueAsync(() => worker.Taken == 5, "five are done");
        Assert.True(worker.IsPaused);
        handler.LetGo(1);
        await Eventually.TrueAsync(() => worker.Taken == 10, "it takes again up to the high watermark");
        handler.Held = false;
        handler.LetGo(100);
        await Eventually.TrueAsync(() => handler.Done.Count == 100, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), handler.OffsetsOf(0));
    }

    [Fact]
    public async Task WhatIsNotDone_IsNotCommitted_AndComesAgain()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder { Held = true };
        using (ConsumerWorker worker = Worker(handler, options => options.HandOverTimeout = TimeSpan.Zero))
        {
            await worker.StartAsync(Cancelled);
            await Eventually.TrueAsync(() => worker.Taken == 10, "all are taken");
            handler.LetGo(3);
            await Eventually.TrueAsync(() => handler.Done.Count == 3, "three are done");
            await Eventually.TrueAsync(() => worker.Taken == 7, "and counted");
            await worker.StopAsync(Cancelled);
        }

        Assert.Equal([3], Committed(1));
        var next = new Recorder();
        using ConsumerWorker second = Worker(next);
        await second.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => next.Done.Count == 7, "the rest comes again");
        await second.StopAsync(Cancelled);
        Assert.Equal([3, 4, 5, 6, 7, 8, 9], next.OffsetsOf(0));
    }

    [Fact]
    public async Task HandlerThatThrows_IsAskedAgain_AndThoseBehindWait()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 3);
        var handler = new Recorder { Failures = 2 };
        using ConsumerWorker worker = Worker(handler);

        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => Warnings() == 1, "the first failure");
        Assert.Empty(handler.Done);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Warnings() == 2, "the second failure");
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return handler.Done.Count == 3;
            },
            "it succeeds");
        await worker.StopAsync(Cancelled);

        Assert.Equal([0, 1, 2], handler.OffsetsOf(0));
        Assert.Equal([3], Committed(1));

        int Warnings() => _logs.GetSnapshot().Count(entry => entry.Level == LogLevel.Warning);
    }

    [Fact]
    public async Task BrokerGone_AndBack_GoesOn()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder();
        using ConsumerWorker worker = Worker(handler);
        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => handler.Done.Count == 10, "the first ten");

        _cluster.GoDown();
        _cluster.ComeBack();
        await _cluster.ProduceAsync("orders", 0, 10);
        await Eventually.TrueAsync(() => handler.Done.Select(message => message.Offset).Distinct().Count() == 20, "the next ten");
        await worker.StopAsync(Cancelled);

        Assert.Equal([20], Committed(1));
    }

    public void Dispose() => _cluster.Dispose();

    private ConsumerWorker Worker(Recorder handler, Action<KafkaConsumerOptions>? configure = null)
    {
        var options = new KafkaConsumerOptions { BootstrapServers = _cluster.Bootstrap, GroupId = "billing", Topic = "orders" };
        options.Client["auto.offset.reset"] = "earliest";
        configure?.Invoke(options);
        return new ConsumerWorker(options, "orders", handler, _time, new FakeLogger(_logs));
    }

    private long[] Committed(int partitions)
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = _cluster.Bootstrap, GroupId = "billing" }).Build();
        return [.. consumer.Committed(Enumerable.Range(0, partitions).Select(partition => new TopicPartition("orders", partition)), Eventually.Patience).Select(offset => offset.Offset.Value)];
    }

    private sealed class Recorder : IKafkaMessageHandler
    {
        private readonly SemaphoreSlim _permits = new(0);

        public ConcurrentQueue<(int Partition, long Offset)> Done { get; } = new();

        public bool Held { get; set; }

        public int Failures { get; set; }

        public IEnumerable<long> OffsetsOf(int partition) => Done.Where(message => message.Partition == partition).Select(message => message.Offset);

        public void LetGo(int count) => _permits.Release(count);

        public async Task HandleAsync(ConsumeResult<byte[], byte[]> message, CancellationToken cancellationToken)
        {
            if (Failures > 0)
            {
                Failures--;
                throw new InvalidOperationException("Not yet.");
            }

            if (Held)
            {
                await _permits.WaitAsync(cancellationToken);
            }

            Done.Enqueue((message.Partition.Value, message.Offset.Value));
        }
    }
}
