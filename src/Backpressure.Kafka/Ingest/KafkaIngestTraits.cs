using Confluent.Kafka;

namespace Backpressure.Kafka;

/// <summary>What a request says of its message beside its body.</summary>
public readonly record struct KafkaIngestTraits
{
    /// <summary>What chooses its partition. Default <see langword="null"/>: any partition.</summary>
    public string? Key { get; init; }

    /// <summary>How much it matters. Default <see langword="null"/>: as its topic's options say.</summary>
    public Priority? Priority { get; init; }

    /// <summary>Its headers. Default none: only <c>content-type</c>, if the request has one.</summary>
    public Headers? Headers { get; init; }
}
