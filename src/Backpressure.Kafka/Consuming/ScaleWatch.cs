using Confluent.Kafka;

namespace Backpressure.Kafka.Consuming;

/// <summary>Asks the cluster how far a consumer is behind, again and again, and says how many consumers its group wants.</summary>
/// <remarks>Not on the consumer's own thread: a slow broker must not hold it up. And not by what was fetched: a paused partition fetches nothing.</remarks>
internal sealed class ScaleWatch : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Timestamp End = new(-1, TimestampType.CreateTime);

    private readonly KafkaConsumerOptions _options;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly IAdminClient _metadata;
    private readonly MessageRunner _runner;
    private readonly TimeProvider _time;
    private readonly ScaleHint _hint;
    private PartitionWork[] _before = [];
    private int _wanted;

    public ScaleWatch(KafkaConsumerOptions options, IConsumer<byte[]?, byte[]?> consumer, MessageRunner runner, TimeProvider time)
    {
        _options = options;
        _consumer = consumer;
        _metadata = new DependentAdminClientBuilder(consumer.Handle).Build();
        _runner = runner;
        _time = time;
        _hint = new ScaleHint(options.CatchUpTime);
    }

    /// <summary>How many consumers the group wants; null: not known.</summary>
    public int? Wanted => Volatile.Read(ref _wanted) is > 0 and var wanted ? wanted : null;

    /// <summary>Looks once. Blocks for seconds when a broker is gone.</summary>
    /// <param name="works">The consumer's partitions. Those that have stopped would stop elsewhere too, and do not count.</param>
    public void LookNow(IEnumerable<PartitionWork> works)
    {
        PartitionWork[] own = [.. works.Where(static work => !work.IsStopped).OrderBy(static work => work.Partition.Partition.Value)];
        if (!own.SequenceEqual(_before))
        {
            // Other partitions are other numbers.
            _before = own;
            _hint.Reset();
        }

        int? wanted = null;
        if (own.Length > 0)
        {
            try
            {
                wanted = Look(own);
            }
#pragma warning disable CA1031 // Whatever the cluster says or does not say: the consumer goes on without a hint.
            catch (Exception)
#pragma warning restore CA1031
            {
                // No hint for now, rather than an old one.
                _hint.Reset();
            }
        }

        Volatile.Write(ref _wanted, wanted ?? 0);
    }

    public void Dispose() => _metadata.Dispose();

    private int? Look(PartitionWork[] own)
    {
        int all = _metadata.GetMetadata(_options.Topic!, Patience).Topics.Single().Partitions.Count;
        Dictionary<int, long> ends = _consumer.OffsetsForTimes(own.Select(static work => new TopicPartitionTimestamp(work.Partition, End)), Patience)
            .ToDictionary(static offset => offset.Partition.Value, static offset => offset.Offset.Value);
        long behind = own.Sum(work => work.Next is >= 0 and var next ? Math.Max(0, ends[work.Partition.Partition.Value] - next) : 0);

        // Of one partition one message is handled at a time, unless keys say otherwise.
        int places = _options.Order == KafkaMessageOrder.Partition ? Math.Min(_options.MaxConcurrency, own.Length) : _options.MaxConcurrency;
        return _hint.Observe(
            (double)_time.GetTimestamp() / _time.TimestampFrequency, ends.Values.Sum(), _runner.Handled + _runner.Skipped, _runner.Busy.Seconds / places, behind, own.Length, all);
    }
}
