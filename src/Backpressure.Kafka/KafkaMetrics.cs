using System.Diagnostics.Metrics;
using Backpressure.Kafka.Lag;

namespace Backpressure.Kafka;

/// <summary>The meter <c>Backpressure.Kafka</c>: what is known anyway, read when somebody looks. Tags come from options only.</summary>
internal sealed class KafkaMetrics
{
    public const string MeterName = "Backpressure.Kafka";
    public const string TopicTag = "backpressure.kafka.topic";
    public const string GroupTag = "backpressure.kafka.group";

    public KafkaMetrics(IMeterFactory factory, IEnumerable<LagMonitor> lags)
    {
        LagMonitor[] all = [.. lags];
        Meter meter = factory.Create(new MeterOptions(MeterName));
        if (all.Length > 0)
        {
            meter.CreateObservableGauge("backpressure.kafka.lag", () => Known(all, static lag => lag.Messages), "{message}", "Messages that a group has not done yet.");
            meter.CreateObservableGauge("backpressure.kafka.lag.time", () => Known(all, static lag => lag.Seconds), "s", "How long a group will take for them at the rate of late.");
        }
    }

    public static KeyValuePair<string, object?>[] TagsOf(string topic, string group) => [new(TopicTag, topic), new(GroupTag, group)];

    // What is not known is not reported: zero would say that all is well. Two entries for one group say it once.
    private static IEnumerable<Measurement<double>> Known(LagMonitor[] lags, Func<LagSample, double> read) =>
        from lag in lags.DistinctBy(static lag => (lag.Topic, lag.Group))
        let value = read(lag.Current)
        where double.IsFinite(value)
        select new Measurement<double>(value, TagsOf(lag.Topic, lag.Group));
}
