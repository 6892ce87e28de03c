using Backpressure.Kafka.Consuming;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Tests.Consuming;

/// <summary>What becomes of messages whose handler throws, and of those that a full downstream holds back.</summary>
public sealed class FailureTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Retry_AsksAgainAfterLongerAndLongerPauses_AndThoseBehindWait()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 3);
        int failures = 8;
        var handler = new Recorder { Throws = _ => Interlocked.Decrement(ref failures) >= 0 ? new InvalidOperationException("Not yet.") : null };
        using ConsumerWorker worker = await rig.StartAsync(handler);

        for (int attempt = 1; attempt <= 8; attempt++)
        {
            await Eventually.TrueAsync(() => rig.Count(LogLevel.Warning) == attempt, $"attempt {attempt}");
            Assert.Empty(handler.Done);
            string seconds = $"{Math.Min(30, 1 << (attempt - 1))} s";
            Assert.Contains(seconds, rig.Logs.LatestRecord.Message, StringComparison.Ordinal);
            await Eventually.TrueAsync(
                () =>
                {
                    rig.Time.Advance(TimeSpan.FromSeconds(30));
                    return handler.Begun > attempt;
                },
                "it is tried again");
        }

        await Eventually.TrueAsync(() => handler.Done.Count == 3, "it succeeds");
        await worker.StopAsync(Cancelled);

        Assert.Equal(ConsumerRig.Offsets(3), handler.OffsetsOf(0));
        Assert.Equal([3], rig.Committed());
        Assert.Equal(8, worker.Runner.Failures);
    }

    [Fact]
    public async Task Stop_StopsThePartitionThere_AndOthersGoOn_AndTheMessageIsNotLost()
    {
        using var rig = new ConsumerRig(2);
        await rig.ProduceToAllAsync(10);
        var handler = new Recorder { Throws = static message => message.Partition == 0 && message.Offset == 4 ? new InvalidOperationException("Poison.") : null };
        using (ConsumerWorker worker = await rig.StartAsync(handler, static options => (options.OnFailure, options.MaxAttempts) = (KafkaFailurePolicy.Stop, 1)))
        {
            await Eventually.TrueAsync(() => worker.Works.Any(static work => work is { IsStopped: true, IsPaused: true }), "the partition stops");
            await rig.ProduceToAllAsync(10);
            await Eventually.TrueAsync(() => handler.OffsetsOf(1).Count() == 20, "the other goes on");
            await worker.StopAsync(Cancelled);
        }

        Assert.Equal([0, 1, 2, 3], handler.OffsetsOf(0));
        Assert.Equal([4, 20], rig.Committed());
        Assert.Single(rig.Logs.GetSnapshot(), static entry => entry.Level == LogLevel.Error && entry.Message.Contains("partition 0, offset 4", StringComparison.Ordinal));
        var mended = new Recorder();
        using ConsumerWorker next = await rig.StartAsync(mended);
        await Eventually.TrueAsync(() => mended.Done.Count == 16, "the rest comes again");
        await next.StopAsync(Cancelled);
        Assert.Equal(ConsumerRig.Offsets(20).Skip(4), mended.OffsetsOf(0));
    }

    [Fact]
    public async Task Skip_GoesOnAfterTheLastAttempt_AndSaysWhatItHasSkipped()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 10);
        var handler = new Recorder { Throws = static message => message.Offset == 4 ? new InvalidOperationException("Poison.") : null };
        using ConsumerWorker worker = await rig.StartAsync(handler, static options => (options.OnFailure, options.MaxAttempts) = (KafkaFailurePolicy.Skip, 3));

        await Eventually.TrueAsync(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(1));
                return handler.Done.Count == 9;
            },
            "all others are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8, 9], handler.OffsetsOf(0));
        Assert.Equal([10], rig.Committed());
        Assert.Equal((9, 1, 3), (worker.Runner.Handled, worker.Runner.Skipped, worker.Runner.Failures));
        Assert.Single(rig.Logs.GetSnapshot(), static entry => entry.Level == LogLevel.Error && entry.Message.Contains("partition 0, offset 4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FullDownstream_PausesThePartitions_UntilItHasRoom()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 100);
        using LoadShedder shedder = Shedder(rig, Overflow.Block);
        AdmissionLease other = await shedder.AdmitAsync(new AdmissionRequest(shedder.ClassOf("other", "Work")), Cancelled);
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler, Gated, shedder);

        await Eventually.TrueAsync(() => worker.Works.Any(static work => work.IsPaused), "it pauses");
        Assert.Equal(0, handler.Begun);
        Assert.Equal(5, worker.Taken);
        other.Complete(Outcome.Success);
        await Eventually.TrueAsync(() => handler.Done.Count == 100, "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal(1, handler.Most);
        Assert.Equal([100], rig.Committed());
    }

    [Fact]
    public async Task RefusedMessage_IsNotLost_ButAsksAgain()
    {
        using var rig = new ConsumerRig(1);
        await rig.Cluster.ProduceAsync("orders", 0, 3);
        using LoadShedder shedder = Shedder(rig, Overflow.Reject);
        AdmissionLease other = await shedder.AdmitAsync(new AdmissionRequest(shedder.ClassOf("other", "Work")), Cancelled);
        var handler = new Recorder();
        using ConsumerWorker worker = await rig.StartAsync(handler, Gated, shedder);
        await Eventually.TrueAsync(() => worker.Taken == 3, "all are taken");
        other.Complete(Outcome.Success);

        await Eventually.TrueAsync(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(30));
                return handler.Done.Count == 3;
            },
            "all are handled");
        await worker.StopAsync(Cancelled);

        Assert.Equal([3], rig.Committed());
        Assert.Equal(0, worker.Runner.Failures);
    }

    private static void Gated(KafkaConsumerOptions options)
    {
        options.HighWatermark = 5;
        options.Policy = "Work";
    }

    private static LoadShedder Shedder(ConsumerRig rig, Overflow overflow)
    {
        var options = new BackpressureOptions();
        options.Downstreams["Db"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 } };
        options.Policies["Work"] = new PolicyOptions { Downstream = "Db", Overflow = overflow };
        return new LoadShedder(options, rig.Time);
    }
}
