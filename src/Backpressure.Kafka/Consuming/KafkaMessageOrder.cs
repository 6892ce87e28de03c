namespace Backpressure.Kafka;

/// <summary>Which messages of a partition are handled one after the other.</summary>
public enum KafkaMessageOrder
{
    /// <summary>All of them: one at a time of each partition, in its order.</summary>
    Partition = 0,

    /// <summary>Those of one key; those of different keys are handled beside each other, and those without a key in no order.</summary>
    Key,
}
