namespace Backpressure.Kafka;

/// <summary>
/// Writes messages through one bounded buffer. When it is full, because brokers are slow or gone, the topic's <see cref="Overflow"/> decides
/// whether a message waits, is rejected, or makes room for a more important one. All members may be used from any thread at once.
/// </summary>
public interface IKafkaIngest
{
    /// <summary>Writes a message. Answers when the topic's <see cref="KafkaTopicOptions.Acknowledge"/> says so.</summary>
    /// <param name="topic">One of <see cref="KafkaIngestOptions.Topics"/>.</param>
    /// <param name="record">The message.</param>
    /// <param name="cancellationToken">
    /// Ends a wait for the buffer (<see cref="RejectionReason.ClientAborted"/>). What is in the buffer is delivered all the same.
    /// </param>
    /// <returns>What became of it. Neither a full buffer nor a broker's failure is an exception.</returns>
    /// <exception cref="ArgumentException">The topic is not one of those that may be written to, or the message is too long.</exception>
    ValueTask<KafkaIngestResult> ProduceAsync(string topic, KafkaRecord record, CancellationToken cancellationToken = default);
}
