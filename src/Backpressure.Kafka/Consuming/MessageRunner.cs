using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Consuming;

/// <summary>Handles one message after another from whatever lane, no more than so many at once, and tries again as the options say.</summary>
internal sealed class MessageRunner : IDisposable
{
    private const int DefaultAttempts = 5;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly KafkaConsumerOptions _options;
    private readonly Func<ConsumeResult<byte[]?, byte[]?>, CancellationToken, Task> _handle;
    private readonly HandlingGate? _gate;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _places;
    private readonly int _attempts;
    private long _handled;
    private long _skipped;
    private long _failures;

    public MessageRunner(
        KafkaConsumerOptions options, Func<ConsumeResult<byte[]?, byte[]?>, CancellationToken, Task> handle, HandlingGate? gate, TimeProvider time, ILogger logger)
    {
        _options = options;
        _handle = handle;
        _gate = gate;
        _time = time;
        _logger = logger;
        _places = new SemaphoreSlim(options.MaxConcurrency);
        _attempts = options.OnFailure == KafkaFailurePolicy.Retry ? int.MaxValue : options.MaxAttempts ?? DefaultAttempts;
        Busy = new BusyClock(time);
    }

    public BusyClock Busy { get; }

    /// <summary>Messages whose handler has returned.</summary>
    public long Handled => Interlocked.Read(ref _handled);

    /// <summary>Messages given up.</summary>
    public long Skipped => Interlocked.Read(ref _skipped);

    /// <summary>Attempts that threw.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Handles a message. Never throws.</summary>
    /// <param name="message">The message.</param>
    /// <param name="leaving">Fires when nothing is to be begun any more.</param>
    /// <param name="gone">Fires when what was begun is to end.</param>
    public async Task<Fate> RunAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken leaving, CancellationToken gone)
    {
        TimeSpan pause = _options.RetryDelay;
        for (int attempt = 1; ; attempt++)
        {
            Exception? fault;
            try
            {
                await _places.WaitAsync(leaving);
            }
            catch (OperationCanceledException)
            {
                return Fate.Left;
            }

            try
            {
                (bool begun, fault) = await TryAsync(message, leaving, gone);
                if (begun && fault is null)
                {
                    Interlocked.Increment(ref _handled);
                    return Fate.Done;
                }
            }
            finally
            {
                _places.Release();
            }

            // What fails while its partition goes may fail because of that, and is tried again elsewhere.
            if (fault is null || leaving.IsCancellationRequested)
            {
                return Fate.Left;
            }

            Interlocked.Increment(ref _failures);
            if (attempt >= _attempts)
            {
                return GiveUp(message, attempt, fault);
            }

            Log.HandlerFailed(_logger, message.Topic, message.Partition.Value, message.Offset.Value, attempt, pause.TotalSeconds, fault);
            await Task.Delay(pause, _time, leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    public void Dispose() => _places.Dispose();

    /// <returns>Whether it was begun, and what it threw.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, the message is not done.")]
    private async Task<(bool Begun, Exception? Fault)> TryAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken leaving, CancellationToken gone)
    {
        AdmissionLease lease = _gate is null ? default : await _gate.EnterAsync(leaving);
        if (leaving.IsCancellationRequested)
        {
            lease.Complete(Outcome.Ignored);
            return (false, null);
        }

        Busy.Enter();
        try
        {
            await _handle(message, gone);
            lease.Complete(Outcome.Success);
            return (true, null);
        }
        catch (Exception fault)
        {
            // A time-out of its own is a sign of overload; one that we have told to end is not, and other failures say nothing.
            bool timedOut = fault is TimeoutException || (fault is OperationCanceledException && !gone.IsCancellationRequested);
            lease.Complete(timedOut ? Outcome.Dropped : Outcome.Ignored);
            return (true, fault);
        }
        finally
        {
            Busy.Leave();
        }
    }

    private Fate GiveUp(ConsumeResult<byte[]?, byte[]?> message, int attempts, Exception fault)
    {
        if (_options.OnFailure == KafkaFailurePolicy.Stop)
        {
            Log.PartitionStopped(_logger, message.Topic, message.Partition.Value, message.Offset.Value, attempts, fault);
            return Fate.Stopped;
        }

        Interlocked.Increment(ref _skipped);
        Log.MessageSkipped(_logger, message.Topic, message.Partition.Value, message.Offset.Value, attempts, fault);
        return Fate.Done;
    }
}
