using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Backpressure.Configuration;
using Microsoft.Extensions.Logging;

namespace Backpressure.Observability;

/// <summary>
/// Says once when a downstream begins to shed, once when it has stopped (nothing refused for 10 s), once when its limit has
/// come down to its minimum, and once when it has stayed above that for 10 s: what an operator wants in a log, in place of a line
/// a request or one for each move of a limit that swings at its minimum.
/// </summary>
internal sealed partial class SheddingState
{
    private const double QuietSeconds = 10;

    private readonly Lock _lock = new();
    private readonly string _downstream;
    private readonly ILogger _logger;
    private readonly long _ticksPerSecond;
    private readonly Func<long> _turnedAway;
    private readonly ThreadCounters _refused = new(count: 1);
    private long _turnedAwayBefore;
    private long _refusedBefore;
    private long _lastRefusal;
    private long _beganAt;
    private bool _shedding;
    private long _aboveMinimumSince;
    private bool _atMinimum;
    private bool _minimumTold;
    private bool _faultTold;

    /// <summary>Begins without shedding.</summary>
    /// <param name="downstream">Whose state it is.</param>
    /// <param name="logger">Where changes are told.</param>
    /// <param name="ticksPerSecond">The clock's resolution.</param>
    /// <param name="turnedAway">How many have been refused in all that are not told of one by one, but soon after one that is.</param>
    public SheddingState(string downstream, ILogger logger, long ticksPerSecond, Func<long> turnedAway)
    {
        _turnedAway = turnedAway;
        _downstream = downstream;
        _logger = logger;
        _ticksPerSecond = ticksPerSecond;
    }

    /// <summary>Where its changes are kept; null: nowhere.</summary>
    public StateChanges? Changes { get; set; }

    /// <summary>Since when it sheds; null: it does not.</summary>
    public long? Since
    {
        get
        {
            lock (_lock)
            {
                return _shedding ? _beganAt : null;
            }
        }
    }

    public void Refused(long now)
    {
        _refused.Increment(0);
        Volatile.Write(ref _lastRefusal, now);
        if (Volatile.Read(ref _shedding))
        {
            return;
        }

        lock (_lock)
        {
            if (_shedding)
            {
                return;
            }

            _shedding = true;
            _beganAt = now;
            _turnedAwayBefore = _turnedAway();
            _refusedBefore = _refused.Total(0) - 1;
        }

        Changes?.Add(StateChangeKind.SheddingBegan, _downstream, "Began to shed load.");
        LogBegan(_downstream);
    }

    /// <summary>Whether it sheds, or has until a moment ago.</summary>
    public bool IsShedding(long now)
    {
        if (!Volatile.Read(ref _shedding))
        {
            return false;
        }

        long seconds;
        long refused;
        lock (_lock)
        {
            if (!_shedding || now - Volatile.Read(ref _lastRefusal) < QuietSeconds * _ticksPerSecond)
            {
                return _shedding;
            }

            _shedding = false;
            seconds = (Volatile.Read(ref _lastRefusal) - _beganAt) / _ticksPerSecond;
            refused = _refused.Total(0) - _refusedBefore + _turnedAway() - _turnedAwayBefore;
        }

        Changes?.Add(
            StateChangeKind.SheddingStopped, _downstream,
            string.Create(CultureInfo.InvariantCulture, $"Stopped shedding load: {refused} requests were refused in {seconds} s."));
        LogStopped(_downstream, refused, seconds);
        return false;
    }

    /// <summary>Whether it was told that the limit is at its minimum, and not yet that it rose: then it wants to be shown the limit even while that stands.</summary>
    public bool MinimumTold => Volatile.Read(ref _minimumTold);

    /// <summary>Looks at where the law has the limit: not at its dips, which come and go.</summary>
    public void LimitIs(int limit, LimitSettings bounds, long now)
    {
        bool atMinimum = bounds.Max > bounds.Min && limit <= bounds.Min;
        lock (_lock)
        {
            if (_atMinimum && !atMinimum)
            {
                _aboveMinimumSince = now;
            }

            _atMinimum = atMinimum;
            bool tell = _minimumTold ? !atMinimum && now - _aboveMinimumSince >= QuietSeconds * _ticksPerSecond : atMinimum;
            if (!tell)
            {
                return;
            }

            _minimumTold = atMinimum;
        }

        if (atMinimum)
        {
            LogAtMinimum(_downstream, limit);
        }
        else
        {
            LogAboveMinimum(_downstream, limit);
        }
    }

    /// <summary>The work that a timer does has failed. Never throws, and says so once.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A logger may throw anything, and a timer must not.")]
    public void Faulted(Exception fault)
    {
        if (Interlocked.Exchange(ref _faultTold, true))
        {
            return;
        }

        try
        {
            LogFaulted(_downstream, fault);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Downstream {Downstream} began to shed load.")]
    private partial void LogBegan(string downstream);

    [LoggerMessage(2, LogLevel.Information, "Downstream {Downstream} stopped shedding load: {Refused} requests were refused in {Seconds} s.")]
    private partial void LogStopped(string downstream, long refused, long seconds);

    [LoggerMessage(3, LogLevel.Warning, "The limit of downstream {Downstream} is at its minimum, {Limit}. Look at the downstream: it is slow, failing, or its latency has changed.")]
    private partial void LogAtMinimum(string downstream, int limit);

    [LoggerMessage(4, LogLevel.Information, "The limit of downstream {Downstream} rose above its minimum, to {Limit}.")]
    private partial void LogAboveMinimum(string downstream, int limit);

    [LoggerMessage(5, LogLevel.Error, "Looking after downstream {Downstream} failed by a fault of Backpressure itself; it goes on. Said once.")]
    private partial void LogFaulted(string downstream, Exception fault);
}
