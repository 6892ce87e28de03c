using System.Diagnostics.Metrics;

namespace Backpressure.Observability;

/// <summary>
/// The meter <c>Backpressure</c>. What a gate counts anyway is read when somebody looks, at no cost to a request; only
/// times are recorded as they happen, and only while somebody listens.
/// </summary>
internal sealed class ShedderMetrics : IDisposable
{
    public const string MeterName = "Backpressure";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private static readonly InstrumentAdvice<double> RetrySeconds = new()
    {
        HistogramBucketBoundaries = [1, 2, 3, 5, 10, 15, 20, 30],
    };

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Histogram<double> _queueTime;
    private readonly Histogram<double> _serviceTime;
    private readonly Histogram<double> _retryAfter;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Makes the meter; null: a meter of our own.</param>
    /// <param name="queueDepth">Reads who waits.</param>
    /// <param name="active">Reads who is in flight.</param>
    /// <param name="limit">Reads the limits.</param>
    /// <param name="limitFloor">Reads how low they may go.</param>
    /// <param name="requests">Reads the decisions so far.</param>
    /// <param name="signals">Reads how strongly each signal lowers limits.</param>
    /// <param name="signalValues">Reads the values behind.</param>
    /// <param name="signalsStale">Reads which of them do not count for want of readings.</param>
    public ShedderMetrics(
        IMeterFactory? factory,
        Func<IEnumerable<Measurement<long>>> queueDepth,
        Func<IEnumerable<Measurement<long>>> active,
        Func<IEnumerable<Measurement<long>>> limit,
        Func<IEnumerable<Measurement<long>>> limitFloor,
        Func<IEnumerable<Measurement<long>>> requests,
        Func<IEnumerable<Measurement<double>>> signals,
        Func<IEnumerable<Measurement<double>>> signalValues,
        Func<IEnumerable<Measurement<int>>> signalsStale)
    {
        _ownsMeter = factory is null;
        _meter = factory?.Create(new MeterOptions(MeterName)) ?? new Meter(MeterName);
        _meter.CreateObservableUpDownCounter("backpressure.queue.depth", queueDepth, "{request}", "Requests waiting now.");
        _meter.CreateObservableUpDownCounter("backpressure.requests.active", active, "{request}", "Requests in flight now, in units of cost where they hold a slot.");
        _meter.CreateObservableGauge("backpressure.limit", limit, "{request}", "How many requests may be in flight.");
        _meter.CreateObservableGauge("backpressure.limit.floor", limitFloor, "{request}", "The lowest that the limit may go.");
        _meter.CreateObservableCounter("backpressure.requests", requests, "{request}", "Requests decided, by decision and reason.");
        _meter.CreateObservableGauge("backpressure.signal", signals, "1", "How strongly a signal lowers limits: 0 not at all, 1 to the minimum.");
        _meter.CreateObservableGauge("backpressure.signal.value", signalValues, "{reading}", "What a signal reads, averaged, in its own unit.");
        _meter.CreateObservableGauge("backpressure.signal.stale", signalsStale, "1", "1 while a signal does not count for want of readings, otherwise 0.");
        _queueTime = _meter.CreateHistogram("backpressure.queue.time", "s", "How long requests that waited have waited.", tags: null, Seconds);
        _serviceTime = _meter.CreateHistogram("backpressure.service.time", "s", "Time from admission to the start of the response.", tags: null, Seconds);
        _retryAfter = _meter.CreateHistogram("backpressure.retry_after", "s", "What rejected requests were told to wait.", tags: null, RetrySeconds);
    }

    /// <summary>Whether anybody listens to service times.</summary>
    public bool RecordsServed => _serviceTime.Enabled;

    /// <summary>Whether anybody listens to how long requests have waited.</summary>
    public bool RecordsWaits => _queueTime.Enabled;

    /// <summary>Whether anybody listens to what the rejected are told.</summary>
    public bool RecordsRetryAfter => _retryAfter.Enabled;

    public void Waited(string downstream, Priority priority, AdmissionDecision result, TimeSpan wait)
    {
        if (_queueTime.Enabled)
        {
            _queueTime.Record(
                wait.TotalSeconds,
                new KeyValuePair<string, object?>(Tags.Downstream, downstream),
                new KeyValuePair<string, object?>(Tags.Priority, priority.Tag()),
                new KeyValuePair<string, object?>(Tags.Result, result.Tag()));
        }
    }

    public void Served(string downstream, Priority priority, Outcome outcome, double seconds)
    {
        if (_serviceTime.Enabled)
        {
            _serviceTime.Record(
                seconds,
                new KeyValuePair<string, object?>(Tags.Downstream, downstream),
                new KeyValuePair<string, object?>(Tags.Priority, priority.Tag()),
                new KeyValuePair<string, object?>(Tags.Outcome, outcome.Tag()));
        }
    }

    public void ToldToRetry(string downstream, Priority priority, TimeSpan after)
    {
        if (_retryAfter.Enabled && after > TimeSpan.Zero)
        {
            _retryAfter.Record(
                after.TotalSeconds,
                new KeyValuePair<string, object?>(Tags.Downstream, downstream),
                new KeyValuePair<string, object?>(Tags.Priority, priority.Tag()));
        }
    }

    public void Dispose()
    {
        // A factory disposes of the meters that it made.
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }
}
