using System.Diagnostics;
using Confluent.Kafka;
using Taken = Backpressure.Kafka.Consuming.TakenMessages.Taken;

namespace Backpressure.Kafka.Consuming;

/// <summary>
/// One partition from its assignment until it goes. Its messages are handled in lanes: one for all of them, or one for each key. What is done
/// is stored up to the first message that is not.
/// </summary>
/// <remarks>A partition that comes back is another one of these: what the old one still does is not stored any more.</remarks>
internal sealed class PartitionWork : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TakenMessages _taken = new();
    private readonly Dictionary<byte[], Queue<Taken>> _lanes = new(ByteKeys.Instance);
    private readonly Watermarks _watermarks;
    private readonly KafkaMessageOrder _order;
    private readonly MessageRunner _runner;
    private readonly Action<TopicPartitionOffset> _store;
    private readonly Action _changed;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationTokenSource _gone = new();
    private int _running;
    private bool _paused;
    private bool _stopped;
    private bool _left;
    private bool _closed;
    private long _next = Offset.Unset.Value;

    /// <param name="partition">Which.</param>
    /// <param name="options">How its messages are handled.</param>
    /// <param name="runner">Handles them.</param>
    /// <param name="store">Stores an offset to be committed. Called under its lock, so that none is stored once it is closed.</param>
    /// <param name="changed">Called when it wants to be paused or resumed and is not.</param>
    public PartitionWork(TopicPartition partition, KafkaConsumerOptions options, MessageRunner runner, Action<TopicPartitionOffset> store, Action changed)
    {
        Partition = partition;
        _watermarks = Watermarks.Of(options);
        _order = options.Order;
        _runner = runner;
        _store = store;
        _changed = changed;
    }

    public TopicPartition Partition { get; }

    /// <summary>When nothing of it is being handled any more; after <see cref="Leave"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Messages that are taken and cannot be committed yet.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _taken.Count;
            }
        }
    }

    /// <summary>The first offset that cannot be committed yet; negative: nothing was taken yet.</summary>
    public long Next => Interlocked.Read(ref _next);

    public bool IsPaused => Volatile.Read(ref _paused);

    public bool IsStopped => Volatile.Read(ref _stopped);

    /// <summary>Whether it shall be paused.</summary>
    public bool WantsPause
    {
        get
        {
            lock (_lock)
            {
                return WantsPauseLocked();
            }
        }
    }

    public void Take(ConsumeResult<byte[]?, byte[]?> message)
    {
        Queue<Taken>? begin = null;
        byte[]? lane = _order == KafkaMessageOrder.Partition ? [] : message.Message.Key;
        lock (_lock)
        {
            if (_left || _stopped)
            {
                // It stands behind what is not stored, so it comes again.
                return;
            }

            if (_next < 0)
            {
                Interlocked.Exchange(ref _next, message.Offset.Value);
            }

            Taken taken = _taken.Add(message);
            if (lane is not null && _lanes.TryGetValue(lane, out Queue<Taken>? known))
            {
                known.Enqueue(taken);
            }
            else
            {
                begin = new Queue<Taken>([taken]);
                _running++;
                if (lane is not null)
                {
                    _lanes[lane] = begin;
                }
            }
        }

        if (begin is not null)
        {
            _ = Task.Run(() => RunAsync(lane, begin));
        }
    }

    /// <summary>The client has paused or resumed it.</summary>
    public void SetPaused(bool paused)
    {
        lock (_lock)
        {
            Volatile.Write(ref _paused, paused);
        }
    }

    /// <summary>Begins and tries nothing any more, and forgets what waits; what is being handled may end.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _left = true;
            EndIfIdleLocked();
        }

        _leaving.Cancel();
    }

    /// <summary>Stores nothing from now, for the partition may be somebody else's or ours anew, and tells what is being handled to end.</summary>
    public void Close()
    {
        Leave();
        lock (_lock)
        {
            _closed = true;
        }

        _gone.Cancel();
        _ = Ended.ContinueWith(
            static (_, work) => ((PartitionWork)work!).Dispose(), this, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Once it is closed and has ended; it does so by itself.</summary>
    public void Dispose()
    {
        _leaving.Dispose();
        _gone.Dispose();
    }

    private async Task RunAsync(byte[]? lane, Queue<Taken> messages)
    {
        Taken? message = null;
        Fate fate = Fate.Left;
        while ((message = Advance(lane, messages, message, fate)) is not null)
        {
            fate = await _runner.RunAsync(message.Message, _leaving.Token, _gone.Token);
        }
    }

    /// <returns>The lane's next message; null: it has ended.</returns>
    private Taken? Advance(byte[]? lane, Queue<Taken> messages, Taken? before, Fate fate)
    {
        bool changed;
        lock (_lock)
        {
            if (before is not null)
            {
                messages.Dequeue();
                _stopped |= fate == Fate.Stopped;
                if (fate == Fate.Done)
                {
                    StoreLocked(before);
                }
            }

            changed = WantsPauseLocked() != _paused;
            if (_left || _stopped || !messages.TryPeek(out Taken? next))
            {
                next = null;
                _running--;
                if (lane is not null)
                {
                    _lanes.Remove(lane);
                }

                EndIfIdleLocked();
            }

            before = next;
        }

        if (changed)
        {
            _changed();
        }

        return before;
    }

    private void StoreLocked(Taken done)
    {
        if (_taken.Complete(done) is not { } next)
        {
            return;
        }

        Interlocked.Exchange(ref _next, next.Offset.Value);
        if (!_closed)
        {
            try
            {
                _store(next);
            }
            catch (KafkaException)
            {
                // The client no longer has the partition, of which we shall hear at the next poll; or it does, and stores the next one.
            }
        }
    }

    private bool WantsPauseLocked()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "It is asked under the lock.");
        return _stopped || _watermarks.Pause(_paused, _taken.Count, _taken.Bytes);
    }

    private void EndIfIdleLocked()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "It is asked under the lock.");
        if (_left && _running == 0)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>Keys are the same when their bytes are.</summary>
    private sealed class ByteKeys : IEqualityComparer<byte[]>
    {
        public static readonly ByteKeys Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}
