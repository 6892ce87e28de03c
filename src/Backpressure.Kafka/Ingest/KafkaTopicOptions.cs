namespace Backpressure.Kafka;

/// <summary>What becomes of messages for one topic.</summary>
public sealed class KafkaTopicOptions
{
    /// <summary>
    /// What happens when the buffer is full: wait and never be evicted, be refused, or wait in the priority queue where more important messages
    /// go first and push out less important ones. Default <see cref="Overflow.Block"/>, as Kafka's own producer does.
    /// </summary>
    public Overflow Overflow { get; set; } = Overflow.Block;

    /// <summary>
    /// The longest wait for the buffer: above zero, at most 10 minutes. Default <see langword="null"/>: 60 s for <see cref="Overflow.Block"/>
    /// (Kafka's <c>max.block.ms</c>), 500 ms for <see cref="Overflow.Shed"/>. Refused for <see cref="Overflow.Reject"/>.
    /// </summary>
    public TimeSpan? MaxWait { get; set; }

    /// <summary>How much its messages matter where one does not say so itself. Default <see cref="Priority.Normal"/>.</summary>
    public Priority Priority { get; set; } = Priority.Normal;

    /// <summary>When a sender is told that its message is taken. Default <see cref="KafkaAcknowledgement.Stored"/>.</summary>
    public KafkaAcknowledgement Acknowledge { get; set; }
}
