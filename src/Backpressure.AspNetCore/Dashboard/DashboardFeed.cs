using System.Diagnostics.CodeAnalysis;
using Backpressure.Configuration;
using Backpressure.Observability;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>
/// Looks at the engine once a second and keeps what it saw for ten minutes; while somebody watches it also writes out what it saw,
/// once for all pages. Every page takes the newest frame when it is ready for one, so a slow page costs nothing and misses some.
/// </summary>
internal sealed class DashboardFeed : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly LoadShedder _shedder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FrameWriter _writer;
    private readonly ConfigurationWatch _configuration;
    private readonly PartitionLedger _partitions;
    private readonly History _history = new();
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private BackpressureDashboardOptions _options = new();
    private ShedderSnapshot? _snapshot;
    private FeedFrame? _frame;
    private TaskCompletionSource _next = NewSignal();
    private long _number;
    private int _watching;
    private bool _faultTold;
    private bool _disposed;

    public DashboardFeed(LoadShedder shedder, TimeProvider time, string service, ConfigurationWatch configuration, ILogger logger)
    {
        _shedder = shedder;
        _time = time;
        _logger = logger;
        _configuration = configuration;
        _partitions = new PartitionLedger(shedder);
        _writer = new FrameWriter(service, _history, _partitions);
    }

    /// <summary>Who is heavy, while somebody watches.</summary>
    internal PartitionLedger Partitions => _partitions;

    /// <summary>Begins to look. The first call counts.</summary>
    public void Start(BackpressureDashboardOptions options)
    {
        lock (_lock)
        {
            if (_timer is not null || _disposed)
            {
                return;
            }

            _options = options;
            _timer = _time.CreateTimer(static feed => ((DashboardFeed)feed!).Look(), this, Pace, Pace);
            Look();
        }
    }

    /// <summary>Somebody watches until what is returned is disposed of.</summary>
    public IDisposable Watch()
    {
        lock (_lock)
        {
            if (_watching++ == 0)
            {
                _partitions.Begin(_options);
                _frame = null;
            }
        }

        return new Watching(this);
    }

    /// <summary>The newest frame, and what completes when there is another.</summary>
    public (FeedFrame Frame, Task Next) Read()
    {
        lock (_lock)
        {
            return (_frame ??= Write(), _next.Task);
        }
    }

    /// <summary>A gate's last ten minutes as JSON; null: there is no such gate.</summary>
    public byte[]? HistoryOf(string gate) => _writer.WriteHistory(gate);

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
            _partitions.End();
            _next.TrySetCanceled();
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Thrown from a timer it would end the process.")]
    private void Look()
    {
        try
        {
            TaskCompletionSource? told = null;
            lock (_lock)
            {
                if (_disposed)
                {
                    return;
                }

                _snapshot = _shedder.GetSnapshot();
                _configuration.Look(_snapshot.Settings);
                _history.Append(_snapshot, _time.TimestampFrequency);
                if (_watching > 0)
                {
                    _partitions.Age();
                    _frame = Write();
                    (told, _next) = (_next, NewSignal());
                }
            }

            told?.TrySetResult();
        }
        catch (Exception fault)
        {
            if (!Interlocked.Exchange(ref _faultTold, true))
            {
                Log.DashboardFailed(_logger, fault);
            }
        }
    }

    private FeedFrame Write()
    {
        _snapshot ??= _shedder.GetSnapshot();

        // Numbers begin at one, so that whoever has seen nothing is sent everything.
        long changes = _shedder.Changes.Last + 1;
        long configuration = _configuration.Number + 1;
        return new FeedFrame(
            ++_number,
            _writer.WriteSnapshot(_snapshot, _options),
            changes,
            _frame?.ChangesNumber == changes ? _frame.Changes : FrameWriter.WriteChanges(_shedder.Changes.Read()),
            configuration,
            _frame?.ConfigurationNumber == configuration ? _frame.Configuration : FrameWriter.WriteConfiguration(_configuration.Rows));
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_watching == 0)
            {
                _partitions.End();
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Watching(DashboardFeed feed) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _left, true))
            {
                feed.Leave();
            }
        }
    }
}
