using System.Collections.Concurrent;
using Backpressure.Kafka.Configuration;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Consuming;

/// <summary>
/// Takes messages of each partition while there is room for them, and pauses it while there is not: it stays a member of its group, and what it
/// does not take stays with the brokers. One thread of its own polls, pauses and hands partitions over; handlers run on the pool.
/// </summary>
/// <remarks>
/// Offsets of what is done are stored with the client, which commits them by and by, before a partition goes, and when it closes. So nothing here
/// waits for a commit, or throws because the group rebalances meanwhile.
/// </remarks>
internal sealed partial class ConsumerWorker : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollWhilePaused = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly KafkaConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly MessageRunner _runner;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly ScaleWatch _scale;
    private readonly ConcurrentDictionary<TopicPartition, PartitionWork> _works = new();
    private readonly HashSet<PartitionWork> _fresh = [];
    private readonly AutoResetEvent _changed = new(false);
    private int _pausedCount;
    private ErrorCode _fault;
    private Error? _end;
    private bool _commitFailed;
    private bool _closed;
    private bool _disposed;

    /// <exception cref="BackpressureOptionsException">librdkafka does not accept the options.</exception>
    public ConsumerWorker(
        KafkaConsumerOptions options, string path, Func<ConsumeResult<byte[]?, byte[]?>, CancellationToken, Task> handle, TimeProvider time, ILogger logger,
        LoadShedder? shedder = null)
    {
        _options = options;
        _time = time;
        _logger = logger;
        ConsumerConfig config = Clients.With(
            new ConsumerConfig
            {
                BootstrapServers = options.BootstrapServers,
                GroupId = options.GroupId,
                EnableAutoCommit = true,
                EnableAutoOffsetStore = false,

                // What is fetched ahead is thrown away when its partition is paused, so it fetches little ahead; and then it must not wait for a
                // second, as it would, before it fetches more.
                QueuedMinMessages = options.HighWatermark,
                FetchQueueBackoffMs = 10,
            },
            options.Client);
        _consumer = Clients.Build(path, () => new ConsumerBuilder<byte[]?, byte[]?>(config)
            .SetLogHandler((_, message) => Log.Client(_logger, message.Name, message.Message))
            .SetErrorHandler((_, error) => Hear(error))
            .SetOffsetsCommittedHandler((_, committed) => Committed(committed))
            .SetPartitionsAssignedHandler((_, partitions) => Assign(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => HandOver(partitions.ConvertAll(static offset => offset.TopicPartition), _options.HandOverTimeout))
            .SetPartitionsLostHandler((_, partitions) => HandOver(partitions.ConvertAll(static offset => offset.TopicPartition), TimeSpan.Zero))
            .Build());
        HandlingGate? gate = options.Policy is null || shedder is null ? null : new HandlingGate(shedder, options.Topic!, options.Policy, time);
        _runner = new MessageRunner(options, handle, gate, time, logger);
        _scale = new ScaleWatch(options, _consumer, _runner, time);
    }

    public string Topic => _options.Topic!;

    public string Group => _options.GroupId!;

    /// <summary>The client at work, for tests that end it.</summary>
    public Handle Handle => _consumer.Handle;

    public MessageRunner Runner => _runner;

    /// <summary>The partitions that it has.</summary>
    public ICollection<PartitionWork> Works => _works.Values;

    /// <summary>Messages that are taken and cannot be committed yet.</summary>
    public int Taken => _works.Values.Sum(static work => work.Count);

    /// <summary>How many consumers the group wants; null: not known.</summary>
    public int? Wanted => _scale.Wanted;

    public override void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        base.Dispose();
        bool ended = ExecuteTask is null || Task.WaitAny([ExecuteTask], _options.HandOverTimeout + CloseTimeout) == 0;
        if (ended && (_closed || ExecuteTask is null))
        {
            _scale.Dispose();
            _consumer.Dispose();
            _changed.Dispose();
            _runner.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task watching = WatchAsync(ending.Token);
        try
        {
            await Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
            await CloseAsync();
        }
    }

    private void Run(CancellationToken stopping)
    {
        try
        {
            _consumer.Subscribe(Topic);
            while (!stopping.IsCancellationRequested)
            {
                try
                {
                    PollOnce(stopping);
                }
                catch (KafkaException fault) when (!fault.Error.IsFatal)
                {
                    // It goes on by itself when it can; until then it has nothing.
                    Tell(fault.Error);
                    stopping.WaitHandle.WaitOne(Poll);
                }

                if (_end is { } end)
                {
                    throw new KafkaException(end);
                }
            }
        }
        finally
        {
            HandOver([.. _works.Keys], _options.HandOverTimeout);
        }
    }

    private void PollOnce(CancellationToken stopping)
    {
        bool allPaused = _pausedCount > 0 && _pausedCount == _works.Count;
        if (allPaused)
        {
            // Nothing comes, and the first to have room again is told of at once; but the group wants to be heard meanwhile.
            WaitHandle.WaitAny([_changed, stopping.WaitHandle], Poll);
        }

        PartitionWork? work = null;
        if (_consumer.Consume(allPaused ? TimeSpan.Zero : _pausedCount > 0 ? PollWhilePaused : Poll) is { IsPartitionEOF: false } message)
        {
            work = WorkOf(message.TopicPartition);
            work.Take(message);
            if (_fault != ErrorCode.NoError)
            {
                _fault = ErrorCode.NoError;
                Log.ConsumerGoesOn(_logger, Topic, Group);
            }
        }

        if (allPaused || _fresh.Count > 0 || _changed.WaitOne(0))
        {
            foreach (PartitionWork each in _works.Values)
            {
                Balance(each);
            }
        }
        else if (work is not null)
        {
            Balance(work);
        }
    }

    private void Hear(Error error)
    {
        if (error.IsFatal)
        {
            _end = error;
        }
        else if (error.Code == ErrorCode.Local_AllBrokersDown)
        {
            Tell(error);
        }
    }

    private void Tell(Error error)
    {
        if (error.Code != _fault)
        {
            _fault = error.Code;
            Log.ConsumerFailed(_logger, Topic, Group, error.Reason);
        }
    }

    private void Committed(CommittedOffsets committed)
    {
        Error error = committed.Offsets.FirstOrDefault(static offset => offset.Error.IsError)?.Error ?? committed.Error;
        bool failed = error.IsError && error.Code != ErrorCode.Local_NoOffset;
        if (failed && !_commitFailed)
        {
            Log.CommitFailed(_logger, Topic, Group, error.Reason);
        }

        _commitFailed = failed;
    }

    private async Task WatchAsync(CancellationToken ending)
    {
        using var timer = new PeriodicTimer(ScaleWatch.Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending))
            {
                // It blocks for seconds when a broker is gone.
                await Task.Factory.StartNew(() => _scale.LookNow(_works.Values), ending, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // The consumer ends.
        }
    }

    /// <summary>Commits what is stored and leaves the group, which may take long when no broker answers; then it is left to itself.</summary>
    private async Task CloseAsync()
    {
        Task closing = Task.Factory.StartNew(_consumer.Close, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await closing.WaitAsync(CloseTimeout, _time);
        }
        catch (TimeoutException)
        {
            Log.CloseTimedOut(_logger, Topic, Group, CloseTimeout.TotalSeconds);
            return;
        }
        catch (KafkaException fault)
        {
            Log.CommitFailed(_logger, Topic, Group, fault.Error.Reason);
        }

        _closed = true;
    }
}
