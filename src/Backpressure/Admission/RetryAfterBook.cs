using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <summary>
/// Tells the rejected when to come back: each books the next free slot at the measured drain rate, so that they return
/// spread out and not as a herd. A booking expires when its time comes. Guarded by its gate's lock.
/// </summary>
internal sealed class RetryAfterBook
{
    public const int MinSeconds = 1;
    public const int MaxSeconds = 30;

    // Less than two would not even out whole seconds: those of one second would come back in two or three.
    private const double SpreadSeconds = 2;

    private const double Unknown = -1;

    private readonly long _ticksPerSecond;
    private readonly double _secondsPerTick;

    // Of the rate that was asked for last: the same one for many, and a division costs as much as all the rest.
    private double _rate;
    private double _ticksPerRequest;
    private uint _random;
    private NextSlots _next;

    public RetryAfterBook(long ticksPerSecond, uint seed)
    {
        _ticksPerSecond = ticksPerSecond;
        _secondsPerTick = 1.0 / ticksPerSecond;
        _random = seed | 1;
    }

    /// <summary>Books a slot.</summary>
    /// <param name="priority">Higher priorities have their slots first.</param>
    /// <param name="ahead">Waiters that are served before.</param>
    /// <param name="drainPerSecond">Requests a second; 0: unknown.</param>
    /// <param name="now">The time, in timestamp ticks.</param>
    /// <returns>Whole seconds from now, 1 to 30.</returns>
    public int Book(Priority priority, int ahead, double drainPerSecond, long now)
    {
        double seconds = BookAll(priority, 1, ahead, drainPerSecond, now);
        return Told(seconds, NextUnit());
    }

    /// <summary>Books slots one after another.</summary>
    /// <param name="priority">Higher priorities have their slots first.</param>
    /// <param name="count">How many; 0: only looks.</param>
    /// <param name="ahead">Waiters that are served before.</param>
    /// <param name="drainPerSecond">Requests a second; 0: unknown.</param>
    /// <param name="now">The time, in timestamp ticks.</param>
    /// <returns>Seconds until the first of them; negative: unknown.</returns>
    public double BookAll(Priority priority, long count, int ahead, double drainPerSecond, long now)
    {
        if (drainPerSecond <= 0)
        {
            return Unknown;
        }

        if (drainPerSecond != _rate)
        {
            _rate = drainPerSecond;
            _ticksPerRequest = Math.Max(1, _ticksPerSecond / drainPerSecond);
        }

        long slot = Math.Max(now + (long)(ahead * _ticksPerRequest), _next[(int)priority]);
        double seconds = (slot - now) * _secondsPerTick;
        if (seconds < MaxSeconds)
        {
            // No booking is later than the last that is told.
            long after = slot + (long)Math.Min(count * _ticksPerRequest, MaxSeconds * (double)_ticksPerSecond);
            for (int i = (int)priority; i < Priorities.Count; i++)
            {
                _next[i] = Math.Max(_next[i], after);
            }
        }

        return seconds;
    }

    /// <summary>What one is told whose slot comes in so many seconds.</summary>
    /// <param name="seconds">From <see cref="BookAll"/>.</param>
    /// <param name="unit">0 to 1, another for each.</param>
    /// <returns>Whole seconds, 1 to 30.</returns>
    public static int Told(double seconds, double unit) => seconds switch
    {
        // Nothing measured yet: a second or two, so that at least they do not come back together.
        < 0 => MinSeconds + (unit < 0.5 ? 0 : 1),

        // Booked out as far as anybody is told to wait: spread them over the later half.
        >= MaxSeconds => MaxSeconds - (int)(unit * MaxSeconds / 2),
        _ => Math.Clamp((int)Math.Ceiling(seconds + (unit * SpreadSeconds)), MinSeconds, MaxSeconds),
    };

    // Xorshift (Marsaglia, 2003): reproducible by seed, so that the laboratory's runs are too.
    private double NextUnit()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        return _random / (uint.MaxValue + 1.0);
    }

    [InlineArray(Priorities.Count)]
    private struct NextSlots
    {
        private long _element;
    }
}
