using Confluent.Kafka;

namespace Backpressure.Kafka.Consuming;

/// <summary>
/// The messages of a partition from the first that is not done, in their order. Only what has nothing undone before it may be committed: a commit
/// says of all before it that they are done.
/// </summary>
internal sealed class TakenMessages
{
    private readonly Queue<Taken> _messages = new();

    /// <summary>Those that cannot be committed yet.</summary>
    public int Count => _messages.Count;

    /// <summary>Their keys and values.</summary>
    public long Bytes { get; private set; }

    public Taken Add(ConsumeResult<byte[]?, byte[]?> message)
    {
        var taken = new Taken(message);
        _messages.Enqueue(taken);
        Bytes += taken.Bytes;
        return taken;
    }

    /// <summary>Says that one is done.</summary>
    /// <returns>Where to go on from after a crash; null: as before, since one before it is not done.</returns>
    public TopicPartitionOffset? Complete(Taken message)
    {
        message.IsDone = true;
        Taken? last = null;
        while (_messages.TryPeek(out Taken? first) && first.IsDone)
        {
            last = _messages.Dequeue();
            Bytes -= last.Bytes;
        }

        return last?.After;
    }

    /// <summary>A message that was taken.</summary>
    internal sealed class Taken(ConsumeResult<byte[]?, byte[]?> message)
    {
        public ConsumeResult<byte[]?, byte[]?> Message { get; } = message;

        public int Bytes { get; } = (message.Message.Key?.Length ?? 0) + (message.Message.Value?.Length ?? 0);

        public bool IsDone { get; set; }

        /// <summary>With the leader's epoch, so that a log that was cut short is noticed.</summary>
        public TopicPartitionOffset After => new(Message.TopicPartition, Message.Offset + 1, Message.LeaderEpoch);
    }
}
