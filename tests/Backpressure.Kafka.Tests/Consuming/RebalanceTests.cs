using Backpressure.Kafka.Consuming;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Tests.Consuming;

/// <summary>Two consumers of one group; see <see cref="ConsumerRig"/> on what the mock's coordinator does differently.</summary>
public sealed class RebalanceTests
{
    private const string Eager = "range";
    private const string Cooperative = "cooperative-sticky";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Eager)]
    [InlineData(Cooperative)]
    public async Task ConsumersThatComeAndGo_LoseNothing_AndCommitAllThatIsDone(string strategy)
    {
        using var rig = new ConsumerRig(2);
        var one = new Recorder();
        var two = new Recorder();
        using ConsumerWorker first = rig.Worker(one, With(strategy));
        using ConsumerWorker second = rig.Worker(two, With(strategy));
        int each = 0;

        await first.StartAsync(Cancelled);
        await ProduceUntilAsync(() => one.Done.Count > 10, "the first has all");
        await second.StartAsync(Cancelled);
        await ProduceUntilAsync(() => !two.Done.IsEmpty && first.Works.Count == 1 && second.Works.Count == 1, "they share");
        await first.StopAsync(Cancelled);
        await ProduceUntilAsync(() => second.Works.Count == 2, "the second has all");
        await Eventually.TrueAsync(() => Enumerable.Range(0, 2).All(partition => Of(partition).Distinct().Count() == each), $"all {each} of each partition are done");
        await second.StopAsync(Cancelled);

        Assert.Equal([each, each], rig.Committed());
        if (strategy == Cooperative && !rig.CommitWasRefused)
        {
            Assert.All([0, 1], partition => Assert.Equal(ConsumerRig.Offsets(each), Of(partition).Order()));
        }

        IEnumerable<long> Of(int partition) => one.OffsetsOf(partition).Concat(two.OffsetsOf(partition));

        // Messages keep coming while the group rebalances; few enough that the mock broker keeps them all.
        async Task ProduceUntilAsync(Func<bool> enough, string what)
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    await rig.ProduceToAllAsync(5);
                    each += 5;
                    return enough();
                },
                what, TimeSpan.FromMilliseconds(50));
        }
    }

    [Fact]
    public async Task PartitionThatGoes_ForgetsWhatWaits_AwaitsWhatIsBeingHandled_AndOnlyThenIsTheOthers()
    {
        using var rig = new ConsumerRig(2);
        await rig.ProduceToAllAsync(10);
        var one = new Recorder { Holds = static _ => true };
        var two = new Recorder();
        using ConsumerWorker first = await rig.StartAsync(one, With(Cooperative));
        await Eventually.TrueAsync(() => first.Taken == 20 && one.Active == 2, "the first has begun one of each");

        using ConsumerWorker second = await rig.StartAsync(two, With(Cooperative));
        await Eventually.TrueAsync(() => first.Works.Count == 1, "the first is told to give one up");
        Assert.Empty(two.Done);
        int gone = 1 - first.Works.Single().Partition.Partition.Value;
        one.LetGo();
        await Eventually.TrueAsync(() => one.OffsetsOf(1 - gone).Count() == 10 && two.OffsetsOf(gone).Contains(9), "all are done");
        await second.StopAsync(Cancelled);
        await first.StopAsync(Cancelled);

        Assert.Equal([0], one.OffsetsOf(gone));
        int again = two.OffsetsOf(gone).Contains(0) ? 0 : 1;
        Assert.True(again == 1 || rig.CommitWasRefused, "What was committed is not handled again.");
        Assert.Equal(ConsumerRig.Offsets(10).Skip(again), two.OffsetsOf(gone));
        Assert.Empty(two.OffsetsOf(1 - gone));
        Assert.Equal([10, 10], rig.Committed());
        Assert.DoesNotContain(rig.Logs.GetSnapshot(), static entry => entry.Message.Contains("had not ended", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HandlerThatDoesNotEnd_IsToldTo_AndItsMessageComesAgainElsewhere()
    {
        using var rig = new ConsumerRig(2);
        await rig.ProduceToAllAsync(3);
        var one = new Recorder { Holds = static _ => true };
        var two = new Recorder();
        using ConsumerWorker first = await rig.StartAsync(one, With(Cooperative));
        await Eventually.TrueAsync(() => one.Active == 2, "the first has begun one of each");
        using ConsumerWorker second = await rig.StartAsync(two, With(Cooperative));
        await Eventually.TrueAsync(() => first.Works.Count == 1, "the first is told to give one up");
        int gone = 1 - first.Works.Single().Partition.Partition.Value;

        await Eventually.TrueAsync(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(31));
                return one.Cancelled == 1;
            },
            "its time is over");
        await Eventually.TrueAsync(() => two.Done.Count == 3, "the second does all of it");
        one.LetGo();
        await first.StopAsync(Cancelled);
        await second.StopAsync(Cancelled);

        Assert.Empty(one.OffsetsOf(gone));
        Assert.Equal([0, 1, 2], two.OffsetsOf(gone));
        Assert.Contains(rig.Logs.GetSnapshot(), static entry => entry.Level == LogLevel.Warning && entry.Message.Contains("had not ended after 30 s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Eager)]
    [InlineData(Cooperative)]
    public async Task PartitionThatWentWhilePaused_FlowsWhenItComesBack(string strategy)
    {
        using var rig = new ConsumerRig(2);
        await rig.ProduceToAllAsync(20);
        var one = new Recorder { Holds = static _ => true };
        var two = new Recorder();
        using ConsumerWorker first = await rig.StartAsync(one, Small);
        await Eventually.TrueAsync(() => first.Works.Count(static work => work.IsPaused) == 2, "the first is full");

        using (ConsumerWorker second = await rig.StartAsync(two, Small))
        {
            await Eventually.TrueAsync(
                () =>
                {
                    // The handler ends when its time is over.
                    rig.Time.Advance(TimeSpan.FromSeconds(31));
                    return two.Done.Count >= 20;
                },
                "the second has taken one over");
            await second.StopAsync(Cancelled);
        }

        one.LetGo();
        await rig.ProduceToAllAsync(20);
        await Eventually.TrueAsync(
            () => Enumerable.Range(0, 2).All(partition => one.OffsetsOf(partition).Concat(two.OffsetsOf(partition)).Distinct().Count() == 40), "all are done");
        await first.StopAsync(Cancelled);

        Assert.Equal([40, 40], rig.Committed());

        void Small(KafkaConsumerOptions options)
        {
            With(strategy)(options);
            options.HighWatermark = 5;
        }
    }

    private static Action<KafkaConsumerOptions> With(string strategy) => options =>
    {
        options.Client["partition.assignment.strategy"] = strategy;
        options.Client["auto.commit.interval.ms"] = "100";
    };
}
