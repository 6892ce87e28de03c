using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Consuming;

/// <summary>
/// One partition from its assignment until it goes: its messages are handled one after the other, so what is done is done in their order. The
/// consumer's watermarks bound how many it holds.
/// </summary>
internal sealed class PartitionWork : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Channel<ConsumeResult<byte[], byte[]>> _waiting = Channel.CreateUnbounded<ConsumeResult<byte[], byte[]>>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly IKafkaMessageHandler _handler;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<TopicPartitionOffset> _store;
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly Lock _storing = new();
    private bool _closed;
    private int _taken;
    private long _done;
    private long _next = Offset.Unset.Value;

    public PartitionWork(TopicPartition partition, IKafkaMessageHandler handler, TimeProvider time, ILogger logger, Action<TopicPartitionOffset> store)
    {
        Partition = partition;
        _handler = handler;
        _time = time;
        _logger = logger;
        _store = store;
        Ended = Task.Run(RunAsync);
    }

    public TopicPartition Partition { get; }

    /// <summary>When nothing of it is being handled any more; after <see cref="Leave"/>.</summary>
    public Task Ended { get; }

    /// <summary>Messages taken and not done.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Messages done.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>The first offset that is not done; negative: nothing was taken yet.</summary>
    public long Next => Interlocked.Read(ref _next);

    public void Take(ConsumeResult<byte[], byte[]> message)
    {
        Interlocked.CompareExchange(ref _next, message.Offset.Value, Offset.Unset.Value);
        Interlocked.Increment(ref _taken);
        _waiting.Writer.TryWrite(message);
    }

    /// <summary>Begins and tries nothing any more; what is being handled may end.</summary>
    public void Leave()
    {
        _waiting.Writer.TryComplete();
        _leaving.Cancel();
    }

    /// <summary>Tells the handler to end, and stores nothing from now: the partition may be somebody else's, or ours anew.</summary>
    public void Close()
    {
        Leave();
        lock (_storing)
        {
            _closed = true;
        }

        _gone.Cancel();
    }

    public void Dispose()
    {
        _leaving.Dispose();
        _gone.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (ConsumeResult<byte[], byte[]> message in _waiting.Reader.ReadAllAsync())
        {
            if (_leaving.IsCancellationRequested || !await HandleAsync(message))
            {
                return;
            }

            if (!TryStore(message.Offset + 1))
            {
                return;
            }

            Interlocked.Exchange(ref _next, message.Offset.Value + 1);
            Interlocked.Increment(ref _done);
            Interlocked.Decrement(ref _taken);
        }
    }

    /// <returns>Whether the partition is still ours.</returns>
    private bool TryStore(Offset next)
    {
        lock (_storing)
        {
            if (_closed)
            {
                return false;
            }

            try
            {
                _store(new TopicPartitionOffset(Partition, next));
                return true;
            }
            catch (KafkaException)
            {
                // Taken away by the group, which the consumer will be told at its next poll.
                return false;
            }
        }
    }

    /// <returns>Whether it is done.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, the message is not done and is tried again.")]
    private async Task<bool> HandleAsync(ConsumeResult<byte[], byte[]> message)
    {
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _handler.HandleAsync(message, _gone.Token);
                return true;
            }
            catch (Exception fault)
            {
                if (_leaving.IsCancellationRequested)
                {
                    return false;
                }

                Log.HandlerFailed(_logger, Partition.Topic, Partition.Partition.Value, message.Offset.Value, pause.TotalSeconds, fault);
            }

            try
            {
                await Task.Delay(pause, _time, _leaving.Token);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }
}
