namespace Backpressure.Kafka;

/// <summary>What becomes of a message whose handler keeps throwing. None of them loses it unseen.</summary>
public enum KafkaFailurePolicy
{
    /// <summary>It is tried again for as long as the partition is here, after longer and longer pauses; those behind it wait.</summary>
    Retry = 0,

    /// <summary>
    /// After the last attempt its partition stops, with an error in the log: nothing behind it is begun and nothing of it is committed until the
    /// partition goes to another consumer or the process starts anew. Other partitions go on.
    /// </summary>
    Stop,

    /// <summary>After the last attempt it counts as done, with an error in the log that says where it stands, and the next one is handled.</summary>
    Skip,
}
