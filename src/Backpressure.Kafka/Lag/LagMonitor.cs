using System.Diagnostics.CodeAnalysis;
using Backpressure.Kafka.Configuration;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Lag;

/// <summary>Looks at a group's lag again and again, and says the last of it when it is asked.</summary>
internal sealed class LagMonitor : BackgroundService, ICapacitySignal
{
    private readonly KafkaLagOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OffsetReader _reader;
    private readonly LagHistory _history = new();
    private readonly long _oldest;
    private Look? _last;
    private bool _lost;

    /// <exception cref="BackpressureOptionsException">librdkafka does not accept the options.</exception>
    public LagMonitor(string name, KafkaLagOptions options, string path, TimeProvider time, ILogger logger)
    {
        Name = name;
        _options = options;
        _time = time;
        _logger = logger;

        // A look is bounded by its questions' patience; what is older comes from a loop that does not get its turn.
        _oldest = (long)(((2 * options.Interval) + (5 * OffsetReader.Patience)).TotalSeconds * time.TimestampFrequency);
        _reader = new OffsetReader(options.Topic!, Clients.Build(path, () => new ConsumerBuilder<Ignore, Ignore>(
            Clients.With(new ConsumerConfig
            {
                BootstrapServers = options.BootstrapServers,
                GroupId = options.GroupId,
                EnableAutoCommit = false,
                AllowAutoCreateTopics = false,
            }, options.Client)).SetLogHandler((_, message) => Log.Client(_logger, message.Name, message.Message)).Build()));
    }

    public string Name { get; }

    public string Topic => _options.Topic!;

    public string Group => _options.GroupId!;

    /// <summary>The last lag; unknown when there is none, or only an old one.</summary>
    public LagSample Current =>
        Volatile.Read(ref _last) is { } look && _time.GetTimestamp() - look.At <= _oldest ? look.Sample : LagSample.Unknown;

    public double Read() => _options.Reading == KafkaLagReading.Messages ? Current.Messages : Current.Seconds;

    /// <summary>Looks once. Never throws.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, the lag is not known, and the next look may succeed.")]
    public void LookNow()
    {
        try
        {
            _reader.Serve();
            IReadOnlyList<PartitionOffsets> offsets = _reader.Read();
            long now = _time.GetTimestamp();
            LagSample sample = _history.Observe(offsets, (double)now / _time.TimestampFrequency);
            Volatile.Write(ref _last, new Look(sample, now));
            if (_lost)
            {
                _lost = false;
                Log.LagKnown(_logger, Name);
            }
        }
        catch (Exception fault)
        {
            Volatile.Write(ref _last, null);
            if (!_lost)
            {
                _lost = true;
                Log.LagUnknown(_logger, Name, Group, Topic, fault);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.Interval, _time);
        try
        {
            do
            {
                // It blocks for seconds when a broker is gone.
                await Task.Factory.StartNew(LookNow, stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _reader.Dispose();
    }

    private sealed record Look(LagSample Sample, long At);
}
