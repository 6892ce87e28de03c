using Backpressure.Kafka.Consuming;
using Backpressure.Kafka.Tests.Broker;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Tests.Consuming;

public sealed class ConsumerWorkerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_AreHandledInOrderOfTheirPartition_AndCommittedWhenItStops()
    {
        using var rig = new ConsumerRig(2);
        await rig.Cluster.ProduceAsync("orders", 0, 50);
        await rig.Cluster.ProduceAsync("orders", 1, 30);
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler);

        await Eventually.TrueAsync(() => handler.Done.Count == 80, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(ConsumerRig.Offsets(50), handler.OffsetsOf(0));
        Assert.Equal(ConsumerRig.Offsets(30), handler.OffsetsOf(1));
        Assert.Equal([50, 30], rig.Committed());
    }

    [Fact]
    public async Task HighWatermark_PausesThatPartitionOnly_AndTheRestStaysWithTheBroker_UntilTheLowOne()
    {
        using var rig = new ConsumerRig(2);
        await rig.Cluster.ProduceAsync("orders", 0, 100);
        await rig.Cluster.ProduceAsync("orders", 1, 100);
        var handler = new Recorder { Holds = static message => message.Partition == 0 };
        using ConsumerWorker worker = await rig.StartAsync(handler, static options => (options.HighWatermark, options.LowWatermark) = (10, 4));

        await Eventually.TrueAsync(() => handler.OffsetsOf(1).Count() == 100, "the other partition is done");
        PartitionWork held = worker.Works.Single(static work => work.Partition.Partition == 0);
        await Eventually.TrueAsync(() => held.IsPaused, "it pauses");
        Assert.Equal(10, held.Count);
        handler.LetGo(5);
        await Eventually.TrueAsync(() => held.Count == 5, "five are done");
        Assert.True(held.IsPaused);
        handler.LetGo(1);
        await Eventually.TrueAsync(() => held.Count == 10, "it takes again up to the high watermark");
        handler.LetGo();
        await Eventually.TrueAsync(() => handler.Done.Count == 200, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(ConsumerRig.Offsets(100), handler.OffsetsOf(0));
        Assert.Equal([100, 100], rig.Committed());
    }

    [Fact]
    public async Task HighWatermarkBytes_PausesIt_ThoughMessagesAreFew()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 400);
        var handler = new Recorder { Holds = static _ => true };
        using ConsumerWorker worker = await rig.StartAsync(handler, static options => (options.HighWatermark, options.HighWatermarkBytes) = (1000, 1024));

        await Eventually.TrueAsync(() => worker.Works.Any(static work => work.IsPaused), "it pauses");

        Assert.Equal(1024 / sizeof(int), worker.Taken);
        handler.LetGo();
        await Eventually.TrueAsync(() => handler.Done.Count == 400, "all are handled");
        await worker.StopAsync(Cancelled);
    }

    [Fact]
    public async Task WhatIsNotDone_IsNotCommitted_AndComesAgain()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder { Holds = static _ => true };
        using (ConsumerWorker worker = await rig.StartAsync(handler, static options => options.HandOverTimeout = TimeSpan.Zero))
        {
            await Eventually.TrueAsync(() => worker.Taken == 10, "all are taken");
            handler.LetGo(3);
            await Eventually.TrueAsync(() => worker.Taken == 7 && handler.Active == 1, "three are done");
            await worker.StopAsync(Cancelled);
        }

        Assert.Equal([3], rig.Committed());
        await Eventually.TrueAsync(() => handler.Cancelled == 1, "the fourth is told to end");
        var next = new Recorder();
        using ConsumerWorker second = await rig.StartAsync(next);
        await Eventually.TrueAsync(() => next.Done.Count == 7, "the rest comes again");
        await second.StopAsync(Cancelled);
        Assert.Equal([3, 4, 5, 6, 7, 8, 9], next.OffsetsOf(0));
        Assert.Equal([10], rig.Committed());
    }

    [Fact]
    public async Task Stop_WaitsForWhatIsBeingHandled_AndBeginsNothing()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder { Holds = static _ => true };
        using ConsumerWorker worker = await rig.StartAsync(handler);
        await Eventually.TrueAsync(() => worker.Taken == 10, "all are taken");

        Task stop = worker.StopAsync(Cancelled);
        Assert.False(stop.IsCompleted);
        await Eventually.TrueAsync(() => worker.Works.Count == 0, "it gives its partition up");
        handler.LetGo();
        await stop;

        Assert.Equal([0], handler.OffsetsOf(0));
        Assert.Equal([1], rig.Committed());
    }

    [Fact]
    public async Task OrderByKey_HandlesOtherKeysMeanwhile_AndCommitsOnlyWhatHasNothingUndoneBeforeIt()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 20, static i => i % 2 == 0 ? "a" : "b");
        var handler = new Recorder { Holds = static message => message.Message.Key![0] == 'a' && message.Offset == 4 };
        using (ConsumerWorker worker = await rig.StartAsync(handler, static options => (options.Order, options.HandOverTimeout) = (KafkaMessageOrder.Key, TimeSpan.Zero)))
        {
            await Eventually.TrueAsync(() => handler.Done.Count == 12 && handler.Active == 1, "all of b, and a up to the one that is held");
            await worker.StopAsync(Cancelled);
        }

        Assert.Equal([0, 2], handler.OffsetsOf(0).Where(static offset => offset % 2 == 0));
        Assert.Equal([1, 3, 5, 7, 9, 11, 13, 15, 17, 19], handler.OffsetsOf(0).Where(static offset => offset % 2 == 1));
        Assert.Equal([4], rig.Committed());
    }

    [Fact]
    public async Task MaxConcurrency_BoundsWhatIsHandledAtOnce_OfAllPartitions()
    {
        using var rig = new ConsumerRig(4);
        await rig.ProduceToAllAsync(5);
        var handler = new Recorder { Holds = static _ => true };
        using ConsumerWorker worker = await rig.StartAsync(handler, static options => options.MaxConcurrency = 3);

        await Eventually.TrueAsync(() => worker.Taken == 20 && handler.Active == 3, "three are handled");
        handler.LetGo();
        await Eventually.TrueAsync(() => handler.Done.Count == 20, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(3, handler.Most);
    }

    [Fact]
    public async Task BrokerGone_AndBack_GoesOn()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler);
        await Eventually.TrueAsync(() => handler.Done.Count == 10, "the first ten");

        rig.Cluster.GoDown();
        await Eventually.TrueAsync(() => rig.Count(LogLevel.Warning) > 0, "it says so");
        rig.Cluster.ComeBack();
        await rig.Cluster.ProduceAsync("orders", 0, 10);
        await Eventually.TrueAsync(() => handler.Done.Select(static message => message.Offset).Distinct().Count() == 20, "the next ten");
        await worker.StopAsync(Cancelled);

        Assert.Equal([20], rig.Committed());
        Assert.Contains(rig.Logs.GetSnapshot(), static entry => entry.Message.EndsWith("goes on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BrokerGoneForGood_DoesNotHoldUpTheStop()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler);
        await Eventually.TrueAsync(() => handler.Done.Count == 10, "the first ten");

        rig.Cluster.GoDown();
        Task stop = worker.StopAsync(Cancelled);
        await Eventually.TrueAsync(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(1));
                return stop.IsCompleted;
            },
            "it stops");

        await stop;
        rig.Cluster.ComeBack();
    }

    [Fact]
    public async Task SlowBroker_OnlyTakesLonger()
    {
        using var rig = new ConsumerRig(2);
        await rig.ProduceToAllAsync(100);
        rig.Cluster.AnswerAfter(TimeSpan.FromMilliseconds(300));
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler, static options =>
        {
            options.HighWatermark = 20;
            options.Client["session.timeout.ms"] = "10000";
        });

        await Eventually.TrueAsync(() => handler.Done.Count == 200, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(ConsumerRig.Offsets(100), handler.OffsetsOf(0));
        Assert.Equal([100, 100], rig.Committed());
    }

    [Fact]
    public async Task FatalError_EndsItLikeAnyBackgroundService_AndSaysWhy()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 1);
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler);
        await Eventually.TrueAsync(() => handler.Done.Count == 1, "it runs");

        MockCluster.EndWithFatalError(worker.Handle);

        KafkaException fault = await Assert.ThrowsAnyAsync<KafkaException>(() => worker.ExecuteTask!.WaitAsync(Eventually.Patience, Cancelled));
        Assert.True(fault.Error.IsFatal);
        Assert.Contains("A test said so", fault.Message, StringComparison.Ordinal);
    }
}
