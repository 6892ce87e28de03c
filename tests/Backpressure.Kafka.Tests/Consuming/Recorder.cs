using System.Collections.Concurrent;
using System.Threading.Channels;
using Confluent.Kafka;

namespace Backpressure.Kafka.Tests.Consuming;

/// <summary>A handler that writes down what it has done, and waits or throws as a test wants it.</summary>
internal sealed class Recorder : IKafkaMessageHandler
{
    private readonly Channel<bool> _permits = Channel.CreateUnbounded<bool>();
    private int _active;
    private int _most;
    private int _begun;
    private int _cancelled;

    public ConcurrentQueue<(int Partition, long Offset)> Done { get; } = new();

    /// <summary>Whether a message waits to be let go.</summary>
    public Predicate<ConsumeResult<byte[]?, byte[]?>> Holds { get; set; } = static _ => false;

    /// <summary>What a message throws.</summary>
    public Func<ConsumeResult<byte[]?, byte[]?>, Exception?> Throws { get; set; } = static _ => null;

    public int Active => Volatile.Read(ref _active);

    /// <summary>The most that were handled at once.</summary>
    public int Most => Volatile.Read(ref _most);

    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Those that were told to end.</summary>
    public int Cancelled => Volatile.Read(ref _cancelled);

    public IEnumerable<long> OffsetsOf(int partition) => Done.Where(message => message.Partition == partition).Select(static message => message.Offset);

    public void LetGo(int count = 1000)
    {
        for (int i = 0; i < count; i++)
        {
            _permits.Writer.TryWrite(true);
        }
    }

    public async Task HandleAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _begun);
        int active = Interlocked.Increment(ref _active);
        for (int most = Most; active > most && Interlocked.CompareExchange(ref _most, active, most) != most; most = Most)
        {
        }

        try
        {
            if (Throws(message) is { } fault)
            {
                throw fault;
            }

            if (Holds(message))
            {
                await _permits.Reader.ReadAsync(cancellationToken);
            }

            Done.Enqueue((message.Partition.Value, message.Offset.Value));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _cancelled);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }
}
