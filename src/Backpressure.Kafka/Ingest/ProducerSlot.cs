using System.Diagnostics.CodeAnalysis;
using Backpressure.Kafka.Configuration;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Ingest;

/// <summary>
/// The one producer. An idempotent producer that meets a fatal error takes nothing any more, for good; then another takes its place.
/// </summary>
internal sealed class ProducerSlot : IDisposable
{
    private readonly Func<IProducer<byte[]?, byte[]>> _build;
    private readonly ILogger _logger;
    private readonly Lock _replacing = new();
    private IProducer<byte[]?, byte[]> _producer;
    private bool _disposed;

    public ProducerSlot(KafkaIngestOptions options, string path, ILogger logger)
    {
        _logger = logger;
        ProducerConfig config = ConfigOf(options);
        _build = () => new ProducerBuilder<byte[]?, byte[]>(config).SetLogHandler((_, message) => Log.Client(_logger, message.Name, message.Message)).Build();
        _producer = Clients.Build(path, _build);
    }

    /// <summary>The producer at work, for tests that bring it down.</summary>
    public Handle Handle => Volatile.Read(ref _producer).Handle;

    /// <summary>What an acknowledgement is worth is decided here, and no option changes it.</summary>
    internal static ProducerConfig ConfigOf(KafkaIngestOptions options) => Clients.With(
        new ProducerConfig
        {
            BootstrapServers = options.BootstrapServers,
            Acks = Acks.All,
            EnableIdempotence = true,
            MessageTimeoutMs = (int)options.DeliveryTimeout.TotalMilliseconds,

            // Batches of one message have a head of their own; the broker has the last word.
            MessageMaxBytes = options.MaxMessageBytes + (64 * 1024),

            // The gate before it is the bound: the client has none that waits.
            QueueBufferingMaxMessages = 0,
            QueueBufferingMaxKbytes = int.MaxValue,
        },
        options.Client);

    /// <summary>Hands a message over; what becomes of it is told to the delivery, whatever goes wrong.</summary>
    public void Produce(string topic, Message<byte[]?, byte[]> message, Delivery delivery)
    {
        IProducer<byte[]?, byte[]> producer = Volatile.Read(ref _producer);
        try
        {
            producer.Produce(topic, message, delivery.Report);
        }
        catch (KafkaException fault) when (IsTheEnd(fault.Error))
        {
            if (Replace(producer, fault.Error.Reason))
            {
                Produce(topic, message, delivery);
                return;
            }

            delivery.Fail(fault.Error);
        }
        catch (KafkaException fault) when (fault.Error.Code == ErrorCode.Local_QueueFull)
        {
            // The gate should never let it come to that; if it does, it is what it looks like.
            delivery.End(Outcome.Dropped, new KafkaIngestResult
            {
                Status = KafkaIngestStatus.Rejected, Reason = RejectionReason.LimitReached, RetryAfter = KafkaIngest.RetrySoon,
            });
        }
        catch (KafkaException fault)
        {
            delivery.Fail(fault.Error);
        }
        catch (ObjectDisposedException)
        {
            delivery.Fail(new Error(ErrorCode.Local_Destroy));
        }
    }

    public void Dispose()
    {
        lock (_replacing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _producer.Dispose();
    }

    // Handing over asks no broker, so a broker's error there is the fatal one that the producer met before. Only a message's length is judged
    // by the client in a broker's words.
    private static bool IsTheEnd(Error error) =>
        error.IsFatal || error.Code == ErrorCode.Local_Fatal || (error.IsBrokerError && error.Code != ErrorCode.MsgSizeTooLarge);

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "It is the producer from now on.")]
    private bool Replace(IProducer<byte[]?, byte[]> failed, string reason)
    {
        lock (_replacing)
        {
            if (_disposed)
            {
                return false;
            }

            if (ReferenceEquals(failed, _producer))
            {
                Log.ProducerReplaced(_logger, reason);
                Volatile.Write(ref _producer, _build());

                // What it held is reported as failed by and by; only then may it go.
                _ = Task.Factory.StartNew(() => Retire(failed), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            return true;
        }
    }

    private static void Retire(IProducer<byte[]?, byte[]> failed)
    {
        try
        {
            failed.Flush(TimeSpan.FromMinutes(1));
        }
        catch (KafkaException)
        {
            // It cannot: its error is fatal.
        }

        failed.Dispose();
    }
}
