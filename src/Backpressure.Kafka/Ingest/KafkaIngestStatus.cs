namespace Backpressure.Kafka;

/// <summary>What became of a message.</summary>
public enum KafkaIngestStatus
{
    /// <summary>All in-sync replicas have it.</summary>
    Stored = 0,

    /// <summary>It is in the buffer; see <see cref="KafkaAcknowledgement.Buffered"/>.</summary>
    Buffered,

    /// <summary>It was not taken: the buffer is full, or the host is shutting down. Nothing was written.</summary>
    Rejected,

    /// <summary>It was taken and no broker has acknowledged it: it may be written or not, so a second try may write it twice.</summary>
    Failed,
}
