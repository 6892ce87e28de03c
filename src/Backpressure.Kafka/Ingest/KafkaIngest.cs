using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using System.Text;
using Backpressure.Configuration;
using Backpressure.Kafka.Configuration;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Ingest;

/// <summary>
/// The bounded buffer before a producer. Its places are the limit of a gate of the engine, which knows how to wait, refuse and shed; the
/// producer behind it is unbounded and holds only what the gate has let in.
/// </summary>
internal sealed class KafkaIngest : IKafkaIngest, IHostedService, IDisposable
{
    /// <summary>For what no drain rate says.</summary>
    public static readonly TimeSpan RetrySoon = TimeSpan.FromSeconds(1);

    private readonly IngestSettings _settings;
    private readonly Dictionary<string, Topic> _topics;
    private readonly LoadShedder _shedder;
    private readonly ProducerSlot _producer;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _stopping;

    // Messages whose fate is not known, and one for the host that still runs.
    private long _open = 1;
    private int _stopped;

    /// <exception cref="BackpressureOptionsException">librdkafka does not accept the options.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "BufferMeters holds nothing to dispose of.")]
    public KafkaIngest(
        KafkaIngestOptions options, string path, TimeProvider time, ILoggerFactory loggers, IMeterFactory meters, IHostApplicationLifetime? lifetime = null)
    {
        _settings = new IngestSettings(options);
        _logger = loggers.CreateLogger(KafkaMetrics.MeterName);
        _lifetime = lifetime;
        _producer = new ProducerSlot(options, path, _logger);
        _shedder = new LoadShedder(SettingsFactory.Build(_settings.Engine, onlyNamed: true), time, loggers, new BufferMeters(meters));
        _topics = options.Topics.ToDictionary(
            static topic => topic.Key,
            topic => new Topic(topic.Key, topic.Value.Acknowledge, _shedder.ClassOf(topic.Key, topic.Key)),
            StringComparer.Ordinal);
    }

    public int MaxMessageBytes => _settings.MaxMessageBytes;

    public ProducerSlot Producer => _producer;

    /// <summary>Messages that are waiting for the buffer or in it.</summary>
    public long Open => Interlocked.Read(ref _open) - 1 + Volatile.Read(ref _stopped);

    public Topic? Find(string? name) => name is null ? null : _topics.GetValueOrDefault(name);

    public async ValueTask<KafkaIngestResult> ProduceAsync(string topic, KafkaRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(record);
        Topic known = Find(topic) ?? throw new ArgumentException($"\"{topic}\" is not one of {nameof(KafkaIngestOptions)}.{nameof(KafkaIngestOptions.Topics)}. Add it there.", nameof(topic));
        byte[]? key = KeyOf(record.Key);
        long bytes = record.Value.Length + (key?.Length ?? 0);
        if (bytes > MaxMessageBytes)
        {
            throw new ArgumentException($"The message has {bytes} bytes and may have {MaxMessageBytes}. Raise {nameof(KafkaIngestOptions)}.{nameof(KafkaIngestOptions.MaxMessageBytes)}, or split it.", nameof(record));
        }

        Delivery delivery = await EnterAsync(known, bytes, record.Priority, cancellationToken);
        return await SendAsync(known, delivery, key, record.Value, record.Headers);
    }

    /// <summary>The key as it is written.</summary>
    public static byte[]? KeyOf(string? key) => key is null ? null : Encoding.UTF8.GetBytes(key);

    /// <summary>Takes room for a message, or waits for it. Whoever is given a delivery that is admitted must send it or end it.</summary>
    public async ValueTask<Delivery> EnterAsync(Topic topic, long bytes, Priority? priority, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _open);
        var delivery = new Delivery(Leave);
        delivery.Begin(await _shedder.AdmitAsync(
            new AdmissionRequest(topic.Class) { Cost = _settings.CostOf(bytes), Priority = priority }, cancellationToken));
        return delivery;
    }

    /// <summary>Sends what was admitted; for what was not, says so.</summary>
    public async ValueTask<KafkaIngestResult> SendAsync(Topic topic, Delivery delivery, byte[]? key, ReadOnlyMemory<byte> value, Headers? headers)
    {
        if (!delivery.IsAdmitted)
        {
            return await delivery.Fate;
        }

        delivery.Take(_settings.CostOf(value.Length + (key?.Length ?? 0)));
        _producer.Produce(topic.Name, new Message<byte[]?, byte[]> { Key = key, Value = ArrayOf(value), Headers = headers }, delivery);
        if (topic.Acknowledge == KafkaAcknowledgement.Buffered && !delivery.Fate.IsCompleted)
        {
            return new KafkaIngestResult { Status = KafkaIngestStatus.Buffered };
        }

        // A fate that is known counts, even if the host's stop, which it has allowed to end, is heard of first.
        await ((Task)delivery.Fate.WaitAsync(_abandoned.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return delivery.Fate.IsCompleted
            ? await delivery.Fate
            : new KafkaIngestResult { Status = KafkaIngestStatus.Failed, Error = new Error(ErrorCode.Local_Destroy), RetryAfter = RetrySoon };
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // As soon as the host begins to stop: who may be shed or comes then is refused, who blocks and what is on its way goes on.
        _stopping = _lifetime?.ApplicationStopping.UnsafeRegister(static shedder => ((LoadShedder)shedder!).BeginShutdown(), _shedder) ?? default;
        return Task.CompletedTask;
    }

    /// <summary>Waits until the fate of every message is known, or the host's time ends.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.DisposeAsync();
        _shedder.BeginShutdown();
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            Leave();
        }

        try
        {
            await _drained.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Log.Abandoned(_logger, Interlocked.Read(ref _open));
        }

        await _abandoned.CancelAsync();
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _shedder.Dispose();
        _producer.Dispose();
        _abandoned.Dispose();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _drained.TrySetResult();
        }
    }

    private static byte[] ArrayOf(ReadOnlyMemory<byte> value) =>
        MemoryMarshal.TryGetArray(value, out ArraySegment<byte> segment) && segment.Array is { } array && segment.Count == array.Length ? array : value.ToArray();

    /// <summary>A topic that may be written to.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Acknowledge">When a sender is answered.</param>
    /// <param name="Class">How the gate sees its messages.</param>
    internal sealed record Topic(string Name, KafkaAcknowledgement Acknowledge, RequestClass Class);
}
