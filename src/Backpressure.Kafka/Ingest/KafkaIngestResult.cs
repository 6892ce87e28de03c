using Confluent.Kafka;

namespace Backpressure.Kafka;

/// <summary>What became of a message.</summary>
public readonly record struct KafkaIngestResult
{
    /// <summary>What became of it.</summary>
    public KafkaIngestStatus Status { get; init; }

    /// <summary>Where it was stored; <see langword="null"/> unless it was.</summary>
    public TopicPartitionOffset? Position { get; init; }

    /// <summary>Why it was rejected; otherwise <see cref="RejectionReason.None"/>.</summary>
    public RejectionReason Reason { get; init; }

    /// <summary>When to try again, in whole seconds from 1 to 30, if it was rejected or has failed; otherwise zero.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>Why it has failed; <see langword="null"/> unless it has.</summary>
    public Error? Error { get; init; }
}
