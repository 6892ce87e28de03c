using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Backpressure.Redis.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Backpressure.Redis.Limits;

/// <summary>
/// Decides on the limits that a fleet shares: by what was just refused, else by the store within the time-out, else by the fallback.
/// Of an outage the requests learn from a flag; one probe a second, of its own and no request's, looks whether it is over.
/// </summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever goes wrong with the store costs no request.")]
internal sealed class FleetLimits : IFleetStore, IHostedService, IDisposable
{
    /// <summary>From one probe to the next.</summary>
    public static readonly TimeSpan ProbePause = TimeSpan.FromSeconds(1);

    /// <summary>How long a start waits for the first connection.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(1);

    private readonly ConditionalWeakTable<RateLimitSettings, FleetLimit> _limits = [];
    private readonly BackpressureRedisOptions _options;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisConnection _connection;
    private readonly FleetLimit _probe;
    private readonly ITimer _probing;
    private readonly Circuit _circuit = new();
    private readonly TaskCompletionSource _firstConnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isProbing;
    private bool _disposed;

    public FleetLimits(BackpressureRedisOptions options, string path, TimeProvider time, ILogger logger, IMeterFactory meters)
    {
        _options = options;
        _path = path;
        _time = time;
        _logger = logger;
        _connection = new RedisConnection(options.Configuration!) { Changed = ConnectionChanged };
        _probe = new FleetLimit(options.KeyPrefix, new RateLimitSettings
        {
            Name = "probe",
            Algorithm = RateLimitAlgorithm.FixedWindow,
            PartitionBy = new PartitionSettings(PartitionKind.None, null),
            Permits = 1,
            PermitsPerPeriod = 1,
            Period = TimeSpan.FromMilliseconds(1),
            SegmentsPerWindow = 1,
        });
        _probing = time.CreateTimer(static limits => ((FleetLimits)limits!).Probe(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Metrics = new FleetMetrics(meters, () => IsConnected);
    }

    /// <summary>Whether the store decides now.</summary>
    public bool IsConnected => _circuit.IsClosed && _connection.IsConnected;

    public FleetMetrics Metrics { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(ConnectAsync, CancellationToken.None);
        _probing.Change(ProbePause, ProbePause);
        try
        {
            // By the system's clock, as sockets are: a start shall have its fleet's limits from the first request on, if they are to be had.
            await _firstConnected.Task.WaitAsync(StartPatience, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Whoever could not connect says why, in its own time.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<RateLimitAnswer?> AskAsync(RateLimitSettings limit, string? key)
    {
        if (!_limits.TryGetValue(limit, out FleetLimit? shared))
        {
            shared = _limits.GetValue(limit, settings => new FleetLimit(_options.KeyPrefix, settings));
        }

        var partition = new PartitionKey(key);
        long now = _time.GetTimestamp();
        if (shared.Refusals.IsRefused(partition, now, out long until))
        {
            Metrics.Decided(DecisionSource.LocalRefusal);
            return new(new RateLimitAnswer(IsAcquired: false, Remaining: 0, _time.GetElapsedTime(now, until), Held: null));
        }

        return _circuit.IsClosed && _connection.Database is { } database ? AskStoreAsync(database, shared, partition, key, now) : new(FallBack());
    }

    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        _probing.Dispose();
        _connection.Dispose();
    }

    private async ValueTask<RateLimitAnswer?> AskStoreAsync(IDatabaseAsync database, FleetLimit shared, PartitionKey partition, string? key, long sent)
    {
        string result = FleetMetrics.Failed;
        try
        {
            RateLimitAnswer answer = await WithinTimeoutAsync(shared.Script.AskAsync(database, shared.KeyOf(key), shared.Arguments));
            result = FleetMetrics.Answered;
            _circuit.Answered();
            Metrics.Decided(DecisionSource.Store);
            if (!answer.IsAcquired)
            {
                // From when it was sent, which was before the store decided: never longer than the store said.
                long now = _time.GetTimestamp();
                shared.Refusals.Remember(partition, sent + (long)(answer.UntilMore.TotalSeconds * _time.TimestampFrequency), now);
            }

            return answer;
        }
        catch (TimeoutException)
        {
            result = FleetMetrics.TimedOut;
            if (_circuit.TimedOut())
            {
                TellDisconnected($"it has not answered within {OptionsErrors.Show(_options.Timeout)}, {Circuit.TimeoutsInRow} times in a row");
            }
        }
        catch (Exception e)
        {
            Disconnect(ReasonOf(e));
        }
        finally
        {
            Metrics.Took(_time.GetElapsedTime(sent), result);
        }

        return FallBack();
    }

    // What is not waited for any more may still fail, and nobody would look.
    private async Task<RateLimitAnswer> WithinTimeoutAsync(Task<RateLimitAnswer> answer)
    {
        try
        {
            return await answer.WaitAsync(_options.Timeout, _time);
        }
        finally
        {
            if (!answer.IsCompleted)
            {
                _ = answer.ContinueWith(
                    static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    private RateLimitAnswer? FallBack()
    {
        Metrics.Decided(DecisionSource.Fallback);
        return _options.WhenDisconnected switch
        {
            WhenDisconnected.Allow => new RateLimitAnswer(IsAcquired: true, Remaining: 0, TimeSpan.Zero, Held: null),
            WhenDisconnected.Refuse => new RateLimitAnswer(IsAcquired: false, Remaining: 0, ProbePause, Held: null),
            _ => null,
        };
    }

    [SuppressMessage("Reliability", "CA2016:Forward the CancellationToken", Justification = "There is none: it ends with the first attempt.")]
    private async Task ConnectAsync()
    {
        try
        {
            await _connection.ConnectAsync();
        }
        catch (Exception e)
        {
            Disconnect(ReasonOf(e));
        }
    }

    private void ConnectionChanged(string? lost)
    {
        if (lost is null)
        {
            Probe();
        }
        else if (!_connection.IsConnected)
        {
            Disconnect(lost);
        }
    }

    private void Probe()
    {
        if (!_circuit.IsClosed && !Volatile.Read(ref _disposed) && Interlocked.Exchange(ref _isProbing, 1) == 0)
        {
            _ = ProbeAsync();
        }
    }

    private async Task ProbeAsync()
    {
        try
        {
            if (_connection is { IsConnected: true, Database: { } database })
            {
                await WithinTimeoutAsync(_probe.Script.AskAsync(database, _probe.KeyOf(null), _probe.Arguments));
                if (_circuit.Close())
                {
                    Log.Connected(_logger, _connection.EndPoints);
                    _firstConnected.TrySetResult();
                }
            }
        }
        catch (TimeoutException)
        {
            Disconnect("it has not answered in time");
        }
        catch (Exception e)
        {
            Disconnect(ReasonOf(e));
        }
        finally
        {
            Volatile.Write(ref _isProbing, 0);
        }
    }

    private void Disconnect(string reason)
    {
        if (!Volatile.Read(ref _disposed) && _circuit.Open())
        {
            TellDisconnected(reason);
        }
    }

    private void TellDisconnected(string reason) => Log.Disconnected(_logger, _connection.EndPoints, reason, _options.WhenDisconnected switch
    {
        WhenDisconnected.Allow => "all requests pass these limits",
        WhenDisconnected.Refuse => "all requests with such a limit are refused",
        _ => "each replica keeps them by itself, at their full value",
    }, _path);

    private static string ReasonOf(Exception fault) => fault switch
    {
        RedisServerException => $"it says \"{fault.Message}\"",
        RedisConnectionException lost => RedisConnection.ReasonOf(lost.FailureType),
        _ => fault.GetType().Name,
    };
}
