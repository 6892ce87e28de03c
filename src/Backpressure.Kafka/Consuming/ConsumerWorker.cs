using Backpressure.Kafka.Configuration;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Consuming;

/// <summary>
/// Takes messages while there is room for them, and pauses its partitions while there is not: it stays a member of its group, and what it does
/// not take stays with the brokers. One thread of its own polls; handlers run on the pool.
/// </summary>
/// <remarks>
/// Offsets of what is done are stored with the client, which commits them by and by, before a partition goes, and when it closes. So nothing
/// here commits while the group rebalances.
/// </remarks>
internal sealed class ConsumerWorker : IHostedService, IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PausedPoll = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan HintInterval = TimeSpan.FromSeconds(2);

    private readonly KafkaConsumerOptions _options;
    private readonly IKafkaMessageHandler _handler;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly int _low;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly IAdminClient _metadata;
    private readonly Dictionary<TopicPartition, PartitionWork> _works = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ScaleHint _hint = new();
    private Task _polling = Task.CompletedTask;
    private bool _paused;
    private bool _assignmentChanged;
    private int _partitions;
    private long _doneBefore;
    private double _busySeconds;
    private long _lookedAt;
    private long _hintedAt;
    private int _taken;
    private int _wanted;
    private bool _disposed;

    /// <exception cref="BackpressureOptionsException">librdkafka does not accept the options.</exception>
    public ConsumerWorker(KafkaConsumerOptions options, string path, IKafkaMessageHandler handler, TimeProvider time, ILogger logger)
    {
        _options = options;
        _handler = handler;
        _time = time;
        _logger = logger;
        _low = options.LowWatermark ?? options.HighWatermark / 2;
        ConsumerConfig config = Clients.With(
            new ConsumerConfig
            {
                BootstrapServers = options.BootstrapServers,
                GroupId = options.GroupId,
                EnableAutoCommit = true,
                EnableAutoOffsetStore = false,

                // What is fetched ahead is thrown away when its partition is paused.
                QueuedMinMessages = options.HighWatermark,
            },
            options.Client);
        _consumer = Clients.Build(path, () => new ConsumerBuilder<byte[], byte[]>(config)
            .SetLogHandler((_, message) => Log.Client(_logger, message.Name, message.Message))
            .SetPartitionsAssignedHandler((_, partitions) => Assign(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => HandOver(partitions.ConvertAll(static offset => offset.TopicPartition), _options.HandOverTimeout))
            .SetPartitionsLostHandler((_, partitions) => HandOver(partitions.ConvertAll(static offset => offset.TopicPartition), TimeSpan.Zero))
            .Build());
        _metadata = new DependentAdminClientBuilder(_consumer.Handle).Build();
    }

    public string Topic => _options.Topic!;

    public string Group => _options.GroupId!;

    /// <summary>Messages taken and not done.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Whether it takes none.</summary>
    public bool IsPaused => Volatile.Read(ref _paused);

    /// <summary>How many consumers the group wants; null: not known.</summary>
    public int? Wanted => Volatile.Read(ref _wanted) is > 0 and var wanted ? wanted : null;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _lookedAt = _hintedAt = _time.GetTimestamp();
        _polling = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _polling.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _stopping.Cancel();
            _polling.Wait(_options.HandOverTimeout + HintInterval);
            _metadata.Dispose();
            _consumer.Dispose();
            _stopping.Dispose();
        }
    }

    private void Run()
    {
        _consumer.Subscribe(Topic);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (_consumer.Consume(_paused ? PausedPoll : Poll) is { IsPartitionEOF: false } message)
                {
                    WorkOf(message.TopicPartition).Take(message);
                }

                Balance();
                Hint();
            }
            catch (KafkaException fault)
            {
                // It goes on by itself when it can; until then it has nothing.
                Log.ConsumerFailed(_logger, Topic, Group, fault);
                _assignmentChanged = true;
                _stopping.Token.WaitHandle.WaitOne(Poll);
            }
        }

        HandOver([.. _works.Keys], _options.HandOverTimeout);
        _consumer.Close();
    }

    private PartitionWork WorkOf(TopicPartition partition)
    {
        if (!_works.TryGetValue(partition, out PartitionWork? work))
        {
            _works[partition] = work = new PartitionWork(partition, _handler, _time, _logger, _consumer.StoreOffset);
        }

        return work;
    }

    private void Assign(List<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
        {
            _ = WorkOf(partition);
        }

        _assignmentChanged = true;
        _partitions = 0;
        _hint.Reset();
    }

    // On the polling thread, while the group waits: what is being handled may end, so that nobody does it again.
    private void HandOver(List<TopicPartition> partitions, TimeSpan patience)
    {
        PartitionWork[] leaving = [.. partitions.Select(partition => _works.Remove(partition, out PartitionWork? work) ? work : null).OfType<PartitionWork>()];
        foreach (PartitionWork work in leaving)
        {
            work.Leave();
        }

        if (patience > TimeSpan.Zero)
        {
            Task.WaitAll([.. leaving.Select(static work => work.Ended)], patience);
        }

        foreach (PartitionWork work in leaving)
        {
            work.Close();
            _doneBefore += work.Done;
            _ = work.Ended.ContinueWith(static (_, ended) => ((PartitionWork)ended!).Dispose(), work, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        _assignmentChanged = true;
        _hint.Reset();
    }

    private void Balance()
    {
        int taken = _works.Values.Sum(static work => work.Taken);
        Volatile.Write(ref _taken, taken);
        long now = _time.GetTimestamp();
        _busySeconds += taken > 0 ? _time.GetElapsedTime(_lookedAt, now).TotalSeconds : 0;
        _lookedAt = now;

        // A partition that comes while the others are paused flows until it is paused, too.
        bool pause = _paused ? taken > _low : taken >= _options.HighWatermark;
        if (pause != _paused || (pause && _assignmentChanged))
        {
            if (pause)
            {
                _consumer.Pause(_consumer.Assignment);
            }
            else
            {
                _consumer.Resume(_consumer.Assignment);
            }

            Volatile.Write(ref _paused, pause);
        }

        _assignmentChanged = false;
    }

    private void Hint()
    {
        long now = _time.GetTimestamp();
        if (_time.GetElapsedTime(_hintedAt, now) < HintInterval)
        {
            return;
        }

        _hintedAt = now;
        if (_partitions == 0)
        {
            CountPartitions();
        }

        // Known from the last fetches; nobody is asked.
        (long Arrived, long Behind)[] each = [.. _works.Values.Select(work => (work, High: _consumer.GetWatermarkOffsets(work.Partition).High.Value))
            .Where(static pair => pair.High >= 0)
            .Select(static pair => (pair.High, pair.work.Next < 0 ? 0 : Math.Max(0, pair.High - pair.work.Next)))];
        int? wanted = each.Length < _works.Count ? null : _hint.Observe(
            (double)now / _time.TimestampFrequency, each.Sum(static one => one.Arrived), _doneBefore + _works.Values.Sum(static work => work.Done),
            _busySeconds, each.Sum(static one => one.Behind), _works.Count, _partitions);
        Volatile.Write(ref _wanted, wanted ?? 0);
    }

    // After each rebalance, since a topic that has grown is why many of them happen.
    private void CountPartitions()
    {
        try
        {
            _partitions = _metadata.GetMetadata(Topic, HintInterval).Topics.Single().Partitions.Count;
        }
        catch (KafkaException)
        {
            // No hint for now; asked again at the next one.
        }
    }
}
