using System.Diagnostics;
using System.Threading.RateLimiting;
using Backpressure.Configuration;

namespace Backpressure.RateLimiting;

/// <summary>What one key has left of one rate limit: a limiter of the framework, replenished when it is asked.</summary>
/// <remarks>
/// No partition has a timer, so that a hundred thousand of them cost nothing while nobody asks. The framework's windows
/// are told by us when a window or a segment is over: they know only the system's clock, and slide by one segment
/// however many have passed. Its token bucket fills steadily by the system's clock.
/// </remarks>
internal sealed class RateLimitPartition
{
    /// <summary>
    /// The windows' own idea of their length, short enough to have always passed: when one is over is decided here.
    /// </summary>
    private static readonly TimeSpan s_overdue = TimeSpan.FromTicks(1);

    private readonly Lock _lock = new();
    private readonly RateLimitSettings _settings;
    private readonly TimeProvider _time;
    private readonly RateLimiter _limiter;

    /// <summary>A window or segment in timestamp ticks; unused by the others.</summary>
    private readonly long _span;

    /// <summary>When the current window or segment began, or tokens were last counted.</summary>
    private long _since;

    /// <summary>Tokens with their fraction, which the framework's bucket keeps to itself.</summary>
    private double _tokens;

    /// <summary>Sliding window: bit n is set when permits were given n segments ago.</summary>
    private UInt128 _usedSegments;

    private bool _retired;

    public RateLimitPartition(RateLimitSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        _since = time.GetTimestamp();
        _tokens = settings.Permits;
        _span = Math.Max(1, (long)(settings.Period.TotalSeconds * time.TimestampFrequency / settings.SegmentsPerWindow));
        _limiter = Create(settings);
    }

    /// <summary>Asks for one permit.</summary>
    /// <param name="answer">Whether it was given and what is left.</param>
    /// <returns>
    /// <see langword="false"/> when this partition was retired meanwhile: nothing was decided, ask its successor.
    /// </returns>
    public bool TryAsk(out RateLimitAnswer answer)
    {
        // Not under the lock: a provider may run timers, and so the eviction, when it is asked the time.
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            if (_retired)
            {
                answer = default;
                return false;
            }

            ReplenishLocked(now);
            var lease = _limiter.AttemptAcquire();
            if (lease.IsAcquired)
            {
                _tokens--;
                _usedSegments |= UInt128.One;
            }

            var remaining = _limiter.GetStatistics()!.CurrentAvailablePermits;
            answer = new RateLimitAnswer(
                lease.IsAcquired,
                remaining,
                UntilMoreLocked(now, remaining),
                lease.IsAcquired && _settings.Algorithm == RateLimitAlgorithm.Concurrency ? lease : null);
            return true;
        }
    }

    /// <summary>Retires it if it has everything it could have: a new one would be its equal.</summary>
    public bool RetireIfIdle()
    {
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            if (_retired)
            {
                return true;
            }

            ReplenishLocked(now);
            if (_limiter.IdleDuration is null)
            {
                return false;
            }

            RetireLocked();
            return true;
        }
    }

    /// <summary>Decides nothing from now on. Permits given out can still be given back.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            RetireLocked();
        }
    }

    private void RetireLocked()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The partition's lock guards its limiter.");
        _retired = true;
        _limiter.Dispose();
    }

    private void ReplenishLocked(long now)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The partition's lock guards its clock.");
        now = Math.Max(now, _since); // Whoever asked the time earlier may get the lock later.
        switch (_settings.Algorithm)
        {
            case RateLimitAlgorithm.TokenBucket:
                ((TokenBucketRateLimiter)_limiter).TryReplenish();
                _tokens = Math.Min(_settings.Permits, _tokens + (TokensPerSecond * _time.GetElapsedTime(_since, now).TotalSeconds));
                _since = now;
                break;
            case RateLimitAlgorithm.FixedWindow or RateLimitAlgorithm.SlidingWindow:
                var passed = (now - _since) / _span;
                _since += passed * _span;
                SlideLocked((int)Math.Min(passed, _settings.SegmentsPerWindow));
                break;
            default:
                break; // What is in the system gives itself back.
        }
    }

    private void SlideLocked(int segments)
    {
        for (var i = 0; i < segments; i++)
        {
            ((ReplenishingRateLimiter)_limiter).TryReplenish();
            _usedSegments = (_usedSegments << 1) & ((UInt128.One << _settings.SegmentsPerWindow) - 1);
        }
    }

    /// <summary>
    /// How long until permits come, or zero when all are there or nobody can know. Of the framework's own answers the
    /// token bucket's counts whole periods although it fills steadily, the fixed window's is always the whole window,
    /// and the sliding window has none (dotnet/runtime#92557, #129036).
    /// </summary>
    private TimeSpan UntilMoreLocked(long now, long remaining)
    {
        if (remaining >= _settings.Permits)
        {
            return TimeSpan.Zero;
        }

        switch (_settings.Algorithm)
        {
            case RateLimitAlgorithm.TokenBucket:
                // The bucket's whole tokens are certain, the fraction is our own count.
                _tokens = Math.Clamp(_tokens, remaining, Math.BitDecrement(remaining + 1.0));
                return TimeSpan.FromSeconds((remaining + 1 - _tokens) / TokensPerSecond);
            case RateLimitAlgorithm.FixedWindow or RateLimitAlgorithm.SlidingWindow:
                // The oldest segment that gave permits gives them back when it leaves the window.
                var oldest = _usedSegments == UInt128.Zero ? 0 : (int)UInt128.Log2(_usedSegments);
                return _time.GetElapsedTime(now, _since + ((_settings.SegmentsPerWindow - oldest) * _span));
            default:
                return TimeSpan.Zero;
        }
    }

    private double TokensPerSecond => _settings.PermitsPerPeriod / _settings.Period.TotalSeconds;

    private static RateLimiter Create(RateLimitSettings settings) => settings.Algorithm switch
    {
        RateLimitAlgorithm.TokenBucket => new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = settings.Permits,
            TokensPerPeriod = settings.PermitsPerPeriod,
            ReplenishmentPeriod = settings.Period,
            AutoReplenishment = false,
            QueueLimit = 0,
        }),
        RateLimitAlgorithm.FixedWindow => new FixedWindowRateLimiter(new FixedWindowRateLimiterOptions
        {
            PermitLimit = settings.Permits,
            Window = s_overdue,
            AutoReplenishment = false,
            QueueLimit = 0,
        }),
        RateLimitAlgorithm.SlidingWindow => new SlidingWindowRateLimiter(new SlidingWindowRateLimiterOptions
        {
            PermitLimit = settings.Permits,
            Window = s_overdue,
            SegmentsPerWindow = settings.SegmentsPerWindow,
            AutoReplenishment = false,
            QueueLimit = 0,
        }),
        RateLimitAlgorithm.Concurrency => new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = settings.Permits,
            QueueLimit = 0,
        }),
        _ => throw new UnreachableException($"Rate limit {settings.Name} has the unknown algorithm {settings.Algorithm}."),
    };
}
