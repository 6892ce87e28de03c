using Confluent.Kafka;

namespace Backpressure.Kafka.Lag;

/// <summary>
/// Asks the cluster for a group's offsets, as a consumer of the group's name that subscribes to nothing and so is no member. Its calls
/// block; one at a time. (librdkafka's admin calls would not block, but can end the process when a broker goes while they run.)
/// </summary>
internal sealed class OffsetReader : IDisposable
{
    /// <summary>How long each of the four questions may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Timestamps that ListOffsets knows for "the end" and "the beginning": a question for each leader, not for each partition.
    private static readonly Timestamp End = new(-1, TimestampType.CreateTime);
    private static readonly Timestamp Beginning = new(-2, TimestampType.CreateTime);

    private readonly string _topic;
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly IAdminClient _metadata;
    private bool _disposed;

    public OffsetReader(string topic, IConsumer<Ignore, Ignore> consumer)
    {
        _topic = topic;
        _consumer = consumer;
        _metadata = new DependentAdminClientBuilder(consumer.Handle).Build();
    }

    /// <summary>All partitions of the topic.</summary>
    /// <exception cref="KafkaException">Something was not to be had, if only for one partition.</exception>
    public IReadOnlyList<PartitionOffsets> Read()
    {
        // First what fails at once when no broker is there. Asked every time, so that a topic that grows is seen.
        TopicMetadata topic = _metadata.GetMetadata(_topic, Patience).Topics.Single();
        if (topic.Error.IsError)
        {
            throw new KafkaException(topic.Error);
        }

        if (topic.Partitions.Count == 0)
        {
            throw new KafkaException(new Error(ErrorCode.UnknownTopicOrPart));
        }

        TopicPartition[] partitions = [.. topic.Partitions.Select(partition => new TopicPartition(_topic, partition.PartitionId))];
        Dictionary<int, long> committed = Sound(_consumer.Committed(partitions, Patience));
        Dictionary<int, long> low = At(Beginning);
        Dictionary<int, long> high = At(End);
        return [.. partitions.Select(partition => partition.Partition.Value).Select(partition =>
            new PartitionOffsets(partition, committed[partition] >= 0 ? committed[partition] : null, low[partition], high[partition]))];

        Dictionary<int, long> At(Timestamp timestamp) =>
            Sound(_consumer.OffsetsForTimes(partitions.Select(partition => new TopicPartitionTimestamp(partition, timestamp)), Patience));
    }

    /// <summary>Serves what the client has to say, which would pile up: nobody else polls it.</summary>
    public void Serve()
    {
        try
        {
            _ = _consumer.Consume(TimeSpan.Zero);
        }
        catch (ConsumeException)
        {
            // What goes wrong shows in the next question, too.
        }
    }

    public void Dispose()
    {
        // A container disposes once for each service that it stands for, and the client does not bear it.
        if (!_disposed)
        {
            _disposed = true;
            _metadata.Dispose();
            _consumer.Dispose();
        }
    }

    private static Dictionary<int, long> Sound(List<TopicPartitionOffset> offsets) =>
        offsets.ToDictionary(offset => offset.Partition.Value, offset => offset.Offset.Value);
}
