namespace Backpressure.Kafka;

/// <summary>When a sender is told that its message is taken.</summary>
public enum KafkaAcknowledgement
{
    /// <summary>When all in-sync replicas have it: it survives this process and any one broker.</summary>
    Stored = 0,

    /// <summary>When it is in this process's buffer: it is lost with the process, or when no broker takes it in time.</summary>
    Buffered,
}
