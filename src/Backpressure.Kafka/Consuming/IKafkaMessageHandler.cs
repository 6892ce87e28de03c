using Confluent.Kafka;

namespace Backpressure.Kafka;

/// <summary>Does the work of a consumer. It is called from many threads at once; see <see cref="KafkaConsumerOptions.Order"/>.</summary>
public interface IKafkaMessageHandler
{
    /// <summary>
    /// Handles a message. When it returns, the message counts as done. What it throws is logged, and <see cref="KafkaConsumerOptions.OnFailure"/>
    /// says what becomes of the message: one that can never be handled should be caught here, and written to where somebody looks at it.
    /// A message can come twice: after a crash, or when its partition has gone to another consumer before it was done.
    /// </summary>
    /// <param name="message">The message with its topic, partition and offset. Its key may be <see langword="null"/>, and its value (a tombstone).</param>
    /// <param name="cancellationToken">
    /// Fires when the partition is no longer this consumer's: <see cref="KafkaConsumerOptions.HandOverTimeout"/> after it was told to give it up or
    /// the host began to stop. The message then comes again elsewhere, and nothing that is done now is committed.
    /// </param>
    /// <returns>When it is done.</returns>
    Task HandleAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken);
}
