using System.Diagnostics.Metrics;

namespace Backpressure.Kafka.Ingest;

/// <summary>Has the buffer's gate measured under this package's meter, so that it is not mistaken for the host's own gates.</summary>
internal sealed class BufferMeters(IMeterFactory factory) : IMeterFactory
{
    public Meter Create(MeterOptions options) => factory.Create(new MeterOptions(KafkaMetrics.MeterName));

    public void Dispose()
    {
        // The factory belongs to the host.
    }
}
