using Confluent.Kafka;

namespace Backpressure.Kafka;

/// <summary>One message to be written.</summary>
public sealed record KafkaRecord
{
    /// <summary>Its content; not to be changed until the answer is there. Default empty.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>What chooses its partition: messages of one key keep their order. Written as UTF-8. Default <see langword="null"/>: any partition.</summary>
    public string? Key { get; init; }

    /// <summary>Its headers. Default none.</summary>
    public Headers? Headers { get; init; }

    /// <summary>How much it matters. Default <see langword="null"/>: as its topic's options say.</summary>
    public Priority? Priority { get; init; }
}
