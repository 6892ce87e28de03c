using System.Diagnostics.Metrics;
using Backpressure.Kafka.Consuming;
using Backpressure.Kafka.Lag;

namespace Backpressure.Kafka;

/// <summary>The meter <c>Backpressure.Kafka</c>: what is known anyway, read when somebody looks. Tags come from options only.</summary>
internal sealed class KafkaMetrics
{
    public const string MeterName = "Backpressure.Kafka";
    public const string TopicTag = "backpressure.kafka.topic";
    public const string GroupTag = "backpressure.kafka.group";
    public const string StateTag = "backpressure.kafka.state";
    public const string ResultTag = "backpressure.kafka.result";

    public KafkaMetrics(IMeterFactory factory, IEnumerable<LagMonitor> lags, IEnumerable<ConsumerWorker> consumers)
    {
        LagMonitor[] all = [.. lags];
        Meter meter = factory.Create(new MeterOptions(MeterName));
        if (all.Length > 0)
        {
            meter.CreateObservableGauge("backpressure.kafka.lag", () => Known(all, static lag => lag.Messages), "{message}", "Messages that a group has not done yet.");
            meter.CreateObservableGauge("backpressure.kafka.lag.time", () => Known(all, static lag => lag.Seconds), "s", "How long a group will take for them at the rate of late.");
        }

        ConsumerWorker[] workers = [.. consumers];
        if (workers.Length > 0)
        {
            Measure(meter, workers);
        }
    }

    public static KeyValuePair<string, object?>[] TagsOf(string topic, string group) => [new(TopicTag, topic), new(GroupTag, group)];

    // What is not known is not reported: zero would say that all is well. Two entries for one group say it once.
    private static IEnumerable<Measurement<double>> Known(LagMonitor[] lags, Func<LagSample, double> read) =>
        from lag in lags.DistinctBy(static lag => (lag.Topic, lag.Group))
        let value = read(lag.Current)
        where double.IsFinite(value)
        select new Measurement<double>(value, TagsOf(lag.Topic, lag.Group));

    private static void Measure(Meter meter, ConsumerWorker[] workers)
    {
        meter.CreateObservableUpDownCounter(
            "backpressure.kafka.consumer.taken", () => Each(workers, static worker => worker.Taken), "{message}",
            "Messages that are taken and cannot be committed yet.");
        meter.CreateObservableUpDownCounter(
            "backpressure.kafka.consumer.active", () => Each(workers, static worker => worker.Runner.Busy.Active), "{message}", "Messages that are being handled.");
        meter.CreateObservableUpDownCounter(
            "backpressure.kafka.consumer.partitions",
            () => Each(workers, static worker => worker.Works.Count(static work => !work.IsPaused && !work.IsStopped), StateTag, "flowing")
                .Concat(Each(workers, static worker => worker.Works.Count(static work => work.IsPaused && !work.IsStopped), StateTag, "paused"))
                .Concat(Each(workers, static worker => worker.Works.Count(static work => work.IsStopped), StateTag, "stopped")),
            "{partition}", "Partitions that the consumer has.");
        meter.CreateObservableCounter(
            "backpressure.kafka.consumer.messages",
            () => Each(workers, static worker => worker.Runner.Handled, ResultTag, "handled").Concat(Each(workers, static worker => worker.Runner.Skipped, ResultTag, "skipped")),
            "{message}", "Messages that the consumer is done with.");
        meter.CreateObservableCounter(
            "backpressure.kafka.consumer.failures", () => Each(workers, static worker => worker.Runner.Failures), "{attempt}", "Attempts to handle a message that failed.");
        meter.CreateObservableGauge(
            "backpressure.kafka.consumers.wanted",
            () => from same in Groups(workers)
                  let wanted = same.Max(static worker => worker.Wanted)
                  where wanted is not null
                  select new Measurement<int>(wanted.Value, TagsOf(same.Key.Topic, same.Key.Group)),
            "{consumer}", "How many consumers the group wants, at most one a partition.");
    }

    private static IEnumerable<Measurement<long>> Each(ConsumerWorker[] workers, Func<ConsumerWorker, long> read, string? tag = null, string? value = null) =>
        Groups(workers).Select(same => new Measurement<long>(
            same.Sum(read), tag is null ? TagsOf(same.Key.Topic, same.Key.Group) : [.. TagsOf(same.Key.Topic, same.Key.Group), new(tag, value)]));

    // Two consumers of one group in one process are one row.
    private static IEnumerable<IGrouping<(string Topic, string Group), ConsumerWorker>> Groups(ConsumerWorker[] workers) =>
        workers.GroupBy(static worker => (worker.Topic, worker.Group));
}
