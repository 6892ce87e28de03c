using Backpressure.Configuration;

namespace Backpressure.Kafka.Configuration;

/// <summary>What the buffer works with: made once from valid options.</summary>
internal sealed class IngestSettings
{
    /// <summary>The one downstream: the buffer.</summary>
    public const string Buffer = "kafka";

    private const int MaxCost = AdmissionRequest.MaxCost;
    private const int LeastUnit = 1024;

    public IngestSettings(KafkaIngestOptions options)
    {
        MaxMessageBytes = options.MaxMessageBytes;

        // As fine as the engine's bounds allow: a message weighs at most 1000 units, the buffer at most 100 000.
        UnitBytes = new[] { LeastUnit, Ceiling(options.MaxMessageBytes, MaxCost), Ceiling(options.BufferMemory, Bounds.MaxLimit) }.Max();
        Engine = new BackpressureOptions { DefaultPolicy = options.Topics.Keys.First() };
        Engine.Downstreams[Buffer] = new DownstreamOptions
        {
            Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = Math.Max(1, options.BufferMemory / UnitBytes) },
            Queue = new QueueOptions { Capacity = options.MaxWaiting, BlockCapacity = options.MaxWaiting },
        };
        foreach ((string name, KafkaTopicOptions topic) in options.Topics)
        {
            Engine.Policies[name] = new PolicyOptions
            {
                Downstream = Buffer,
                Priority = topic.Priority,
                Overflow = topic.Overflow,
                MaxWait = topic.MaxWait ?? (topic.Overflow == Overflow.Block ? IngestRules.DefaultBlockWait : null),
            };
        }
    }

    public int MaxMessageBytes { get; }

    /// <summary>Bytes that one unit of the buffer's limit stands for.</summary>
    public int UnitBytes { get; }

    /// <summary>The buffer as the engine sees it: a fixed limit in units, a policy for each topic.</summary>
    public BackpressureOptions Engine { get; }

    /// <summary>Units of the buffer that so many bytes take.</summary>
    public int CostOf(long bytes) => (int)Math.Clamp(((bytes - 1) / UnitBytes) + 1, 1, MaxCost);

    private static int Ceiling(int value, int by) => ((value - 1) / by) + 1;
}
