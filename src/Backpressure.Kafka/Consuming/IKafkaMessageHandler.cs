using Confluent.Kafka;

namespace Backpressure.Kafka;

/// <summary>Does the work of a consumer, one message at a time of each partition.</summary>
public interface IKafkaMessageHandler
{
    /// <summary>
    /// Handles a message. When it returns, the message counts as done and is not seen again. What it throws is logged, and the message is tried
    /// again, after 1 s and then up to 30 s, while those behind it wait: what shall be skipped must be caught here.
    /// </summary>
    /// <param name="message">The message, with its topic, partition and offset.</param>
    /// <param name="cancellationToken">
    /// Fires when the partition goes to another consumer, or the host stops, and <see cref="KafkaConsumerOptions.HandOverTimeout"/> has passed. The
    /// message then comes again there.
    /// </param>
    /// <returns>When it is done.</returns>
    Task HandleAsync(ConsumeResult<byte[], byte[]> message, CancellationToken cancellationToken);
}
