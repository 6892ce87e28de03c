using Backpressure.Kafka.Ingest;
using Backpressure.Kafka.Tests.Broker;
using Confluent.Kafka;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Tests.Ingest;

public sealed class KafkaIngestTests
{
    [Fact]
    public async Task Produce_AnswersWhenABrokerHasIt()
    {
        using var rig = new IngestRig();

        KafkaIngestResult result = await rig.ProduceAsync(7);

        Assert.Equal(KafkaIngestStatus.Stored, result.Status);
        Assert.Equal(new TopicPartitionOffset("orders", 0, 0), result.Position);
        Assert.Equal([7], rig.Stored());
    }

    [Fact]
    public void Producer_WaitsForAllReplicas_AndStoresNothingTwice()
    {
        var options = new KafkaIngestOptions { BootstrapServers = "127.0.0.1:1", DeliveryTimeout = TimeSpan.FromSeconds(7) };
        options.Client["linger.ms"] = "3";

        ProducerConfig config = ProducerSlot.ConfigOf(options);

        Assert.Equal((Acks.All, true, 7000, 3.0), (config.Acks, config.EnableIdempotence, config.MessageTimeoutMs, config.LingerMs));
    }

    [Fact]
    public async Task SlowBroker_IsWaitedFor_NotRefused()
    {
        using var rig = new IngestRig();
        rig.Cluster.AnswerAfter(TimeSpan.FromMilliseconds(300));

        KafkaIngestResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(value => rig.ProduceAsync(value)))
            .WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);

        Assert.All(results, result => Assert.Equal(KafkaIngestStatus.Stored, result.Status));
        Assert.Equal(Enumerable.Range(0, 20), rig.Stored());
    }

    [Fact]
    public void Buffer_ShowsItsOwnDownstream_AndNoneThatNobodyConfigured()
    {
        using var rig = new IngestRig();
        using var limit = new MetricCollector<long>(rig.Meters, "Backpressure.Kafka", "backpressure.limit");

        limit.RecordObservableInstruments();

        Assert.Equal(["kafka"], limit.GetMeasurementSnapshot().Select(static measured => measured.Tags["backpressure.downstream"]));
    }

    [Fact]
    public async Task BrokerGoesDownAndComesBack_NoAcknowledgedMessageIsLost()
    {
        using var rig = new IngestRig();
        var acknowledged = new List<int>();
        for (int round = 0; round < 3; round++)
        {
            List<Task<KafkaIngestResult>> before = [.. Enumerable.Range(round * 200, 100).Select(value => rig.ProduceAsync(value))];
            await Task.WhenAny(before);
            rig.Cluster.GoDown();
            List<Task<KafkaIngestResult>> during = [.. Enumerable.Range((round * 200) + 100, 100).Select(value => rig.ProduceAsync(value))];
            rig.Cluster.ComeBack();
            KafkaIngestResult[] results = await Task.WhenAll([.. before, .. during]).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
            acknowledged.AddRange(results.Index().Where(result => result.Item.Status == KafkaIngestStatus.Stored).Select(result => (round * 200) + result.Index));
        }

        Assert.Equal(600, acknowledged.Count);
        Assert.Empty(acknowledged.Except(rig.Stored()));
    }

    [Fact]
    public async Task FullBuffer_Reject_RefusesAtOnceWithATimeToComeBack()
    {
        using IngestRig rig = IngestRig.Full(topic => topic.Overflow = Overflow.Reject);

        KafkaIngestResult result = await rig.ProduceAsync(1);

        Assert.Equal(KafkaIngestStatus.Rejected, result.Status);
        Assert.Equal(RejectionReason.LimitReached, result.Reason);
        Assert.InRange(result.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        rig.Cluster.ComeBack();
        Assert.Equal(KafkaIngestStatus.Stored, (await rig.First).Status);
        Assert.Equal([0], rig.Stored());
    }

    [Fact]
    public async Task FullBuffer_Block_WaitsAndLosesNothing()
    {
        using IngestRig rig = IngestRig.Full();

        List<Task<KafkaIngestResult>> waiting = [.. Enumerable.Range(1, 20).Select(value => rig.ProduceAsync(value))];
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        rig.Cluster.ComeBack();
        KafkaIngestResult[] results = await Task.WhenAll(waiting).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);

        Assert.All(results, result => Assert.Equal(KafkaIngestStatus.Stored, result.Status));
        Assert.Equal(Enumerable.Range(0, 21), rig.Stored());
    }

    [Fact]
    public async Task FullBuffer_Block_GivesUpAfterSixtySeconds()
    {
        using IngestRig rig = IngestRig.Full();
        Task<KafkaIngestResult> waiting = rig.ProduceAsync(1);

        rig.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(waiting.IsCompleted);
        rig.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(RejectionReason.MaxWaitElapsed, (await waiting).Reason);
    }

    [Fact]
    public async Task FullBuffer_Shed_PushesOutTheLessImportant()
    {
        using IngestRig rig = IngestRig.Full(topic => topic.Overflow = Overflow.Shed, waiting: 1);

        Task<KafkaIngestResult> low = rig.ProduceAsync(1, Priority.Low);
        Task<KafkaIngestResult> critical = rig.ProduceAsync(2, Priority.Critical);

        Assert.Equal(RejectionReason.Evicted, (await low).Reason);
        rig.Cluster.ComeBack();
        Assert.Equal(KafkaIngestStatus.Stored, (await critical.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken)).Status);
        Assert.Equal([0, 2], rig.Stored());
    }

    [Fact]
    public async Task FullBuffer_WaitEndsWithItsCaller()
    {
        using IngestRig rig = IngestRig.Full();
        using var caller = new CancellationTokenSource();
        ValueTask<KafkaIngestResult> waiting = rig.Ingest.ProduceAsync("orders", new KafkaRecord(), caller.Token);

        await caller.CancelAsync();

        Assert.Equal(RejectionReason.ClientAborted, (await waiting).Reason);
    }

    [Fact]
    public async Task ManySmallMessages_AreRefusedByTheBuffer_NeverByTheClientsOwnQueue()
    {
        using var rig = new IngestRig(options => options.BufferMemory = 64 * 1024, topic => topic.Overflow = Overflow.Reject);
        rig.Cluster.GoDown();

        List<Task<KafkaIngestResult>> all = [.. Enumerable.Range(0, 200).Select(value => rig.ProduceAsync(value))];

        Assert.Equal(64, all.Count(task => !task.IsCompleted));
        Assert.All(all.Skip(64), task => Assert.Equal(RejectionReason.LimitReached, task.Result.Reason));
        rig.Cluster.ComeBack();
        KafkaIngestResult[] taken = await Task.WhenAll(all.Take(64)).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
        Assert.All(taken, result => Assert.Equal(KafkaIngestStatus.Stored, result.Status));
    }

    [Fact]
    public async Task LargeMessages_FillTheBufferByTheirBytes()
    {
        using var rig = new IngestRig(options => options.BufferMemory = 64 * 1024, topic => topic.Overflow = Overflow.Reject);
        rig.Cluster.GoDown();
        var record = new KafkaRecord { Value = new byte[20 * 1024] };

        List<Task<KafkaIngestResult>> all = [.. Enumerable.Range(0, 4).Select(_ => rig.Ingest.ProduceAsync("orders", record, TestContext.Current.CancellationToken).AsTask())];

        Assert.Equal(RejectionReason.LimitReached, (await all[3]).Reason);
        Assert.DoesNotContain(all.Take(3), task => task.IsCompleted);
    }

    [Fact]
    public async Task Buffered_AnswersBeforeAnyBrokerHasIt()
    {
        using var rig = new IngestRig(topic: topic => topic.Acknowledge = KafkaAcknowledgement.Buffered);
        rig.Cluster.GoDown();

        Assert.Equal(KafkaIngestStatus.Buffered, (await rig.ProduceAsync(1)).Status);

        rig.Cluster.ComeBack();
        await rig.Ingest.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1], rig.Stored());
    }

    [Fact]
    public async Task DeliveryThatTakesTooLong_Fails_AndFreesItsPlace()
    {
        using var rig = new IngestRig(
            options =>
            {
                options.BufferMemory = 1024;
                options.MaxMessageBytes = 100;
                options.DeliveryTimeout = TimeSpan.FromSeconds(1);
            },
            topic => topic.Overflow = Overflow.Reject);
        rig.Cluster.GoDown();

        KafkaIngestResult result = await rig.ProduceAsync(1).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
        Task<KafkaIngestResult> next = rig.ProduceAsync(2);

        Assert.Equal(KafkaIngestStatus.Failed, result.Status);
        Assert.Equal(ErrorCode.Local_MsgTimedOut, result.Error!.Code);
        Assert.NotEqual(RejectionReason.LimitReached, (await next.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken)).Reason);
    }

    [Fact]
    public async Task WhatMayNotBeWritten_IsTheCallersMistake()
    {
        using var rig = new IngestRig(options => options.MaxMessageBytes = 100);

        await Assert.ThrowsAsync<ArgumentException>("topic", async () => await rig.Ingest.ProduceAsync("others", new KafkaRecord(), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>("topic", async () => await rig.Ingest.ProduceAsync("ORDERS", new KafkaRecord(), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(
            "record", async () => await rig.Ingest.ProduceAsync("orders", new KafkaRecord { Value = new byte[99], Key = "42" }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ProducerThatMeetsAFatalError_IsReplaced()
    {
        using var rig = new IngestRig();
        await rig.ProduceAsync(1);

        MockCluster.EndWithFatalError(rig.Ingest.Producer.Handle);
        KafkaIngestResult result = await rig.ProduceAsync(2).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(KafkaIngestStatus.Stored, result.Status);
        Assert.Equal([1, 2], rig.Stored());
        Assert.Single(rig.Logs.GetSnapshot(), entry => entry.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Stop_DeliversWhatIsInTheBuffer_AndThoseThatBlock_AndRefusesNewcomers()
    {
        using IngestRig rig = IngestRig.Full();
        Task<KafkaIngestResult> blocked = rig.ProduceAsync(1);

        Task stop = rig.Ingest.StopAsync(TestContext.Current.CancellationToken);
        KafkaIngestResult late = await rig.ProduceAsync(2);
        Assert.False(stop.IsCompleted);
        rig.Cluster.ComeBack();
        await stop.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(RejectionReason.ShuttingDown, late.Reason);
        Assert.Equal(KafkaIngestStatus.Stored, (await rig.First).Status);
        Assert.Equal(KafkaIngestStatus.Stored, (await blocked).Status);
        Assert.Equal([0, 1], rig.Stored());
    }

    [Fact]
    public async Task Stop_WhenTheHostsTimeEnds_SaysWhatIsNotDelivered()
    {
        using IngestRig rig = IngestRig.Full();
        using var hostsTime = new CancellationTokenSource();

        Task stop = rig.Ingest.StopAsync(hostsTime.Token);
        await hostsTime.CancelAsync();
        await stop;

        Assert.Equal(KafkaIngestStatus.Failed, (await rig.First).Status);
        Assert.Contains(rig.Logs.GetSnapshot(), entry => entry.Level == LogLevel.Error && entry.Message.Contains("1 messages", StringComparison.Ordinal));
    }
}
