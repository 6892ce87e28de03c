using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Backpressure.Http.Destinations;

/// <summary>What a destination has said of itself lately, and what follows for the next call to it.</summary>
internal sealed class DestinationHealth
{
    /// <summary>How far back the signal looks: a gate upstream must feel it within two seconds.</summary>
    private const double SignalSeconds = 2;

    private const int Calls = 0;
    private const int ShedCalls = 1;

    // By priority, for the throttle.
    private const int Asked = 0;
    private const int Accepted = Priorities.Count;
    private const int Decided = 2 * Priorities.Count;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Func<ClientSettings> _settings;
    private readonly Func<double> _random;
    private readonly SlidingCounts _throttle;
    private readonly SlidingCounts _signal;
    private HeldUntil _heldUntil;

    /// <param name="time">The clock.</param>
    /// <param name="settings">Those in force; the window is that of the start.</param>
    /// <param name="random">0 to 1, another each time.</param>
    public DestinationHealth(TimeProvider time, Func<ClientSettings> settings, Func<double> random)
    {
        _time = time;
        _settings = settings;
        _random = random;
        _throttle = new SlidingCounts(3 * Priorities.Count, (long)(settings().ThrottleWindow.TotalSeconds * time.TimestampFrequency));
        _signal = new SlidingCounts(2, (long)(SignalSeconds * time.TimestampFrequency));
    }

    /// <summary>Counts a call that is asked for, and says whether it is better not sent.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="now">The time.</param>
    /// <param name="retryAfterSeconds">When to try again, in whole seconds.</param>
    public RefusalReason Ask(Priority priority, long now, out int retryAfterSeconds)
    {
        lock (_lock)
        {
            int p = (int)priority;
            if (_heldUntil[p] > now)
            {
                retryAfterSeconds = Math.Max(1, (int)Math.Ceiling((double)(_heldUntil[p] - now) / _time.TimestampFrequency));
                CountLocked(isShed: true, now);
                return RefusalReason.RetryAfter;
            }

            retryAfterSeconds = 1;
            double probability = ProbabilityLocked(p, now);
            _throttle.Add(Asked + p, now);
            if (probability > 0 && _random() < probability)
            {
                // Where it is only observed it is sent all the same, and is decided at its end.
                _throttle.Add(Decided + p, now, _settings().Enforces ? 1 : 0);
                CountLocked(isShed: true, now);
                return RefusalReason.Throttled;
            }

            return RefusalReason.None;
        }
    }

    /// <summary>It was not sent after all, refused by the gate or for want of a credit: that says nothing of what the destination accepts.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="isShed">Whether that is a sign of overload.</param>
    /// <param name="askedAt">When it was asked for.</param>
    /// <param name="now">The time.</param>
    public void NotSent(Priority priority, bool isShed, long askedAt, long now)
    {
        lock (_lock)
        {
            _throttle.TakeBack(Asked + (int)priority, askedAt, now);
            if (isShed)
            {
                CountLocked(isShed, now);
            }
        }
    }

    /// <summary>A call has ended.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="retryAfter">What the destination asked for; zero: nothing.</param>
    /// <param name="now">The time.</param>
    public void Ended(Priority priority, Outcome outcome, TimeSpan retryAfter, long now)
    {
        lock (_lock)
        {
            CountLocked(isShed: outcome == Outcome.Dropped, now);

            _throttle.Add(Decided + (int)priority, now);
            if (outcome == Outcome.Dropped)
            {
                HoldLocked(priority, retryAfter, now);
                return;
            }

            _throttle.Add(Accepted + (int)priority, now);
            if (outcome == Outcome.Success)
            {
                // Whoever serves this priority does not turn all of it away, nor what is above it.
                for (int i = 0; i <= (int)priority; i++)
                {
                    _heldUntil[i] = 0;
                }
            }
        }
    }

    /// <summary>What counted as served when its answer began was dropped all the same.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="retryAfter">What the destination asked for; zero: nothing.</param>
    /// <param name="answeredAt">When its answer began.</param>
    /// <param name="now">The time.</param>
    public void DroppedLate(Priority priority, TimeSpan retryAfter, long answeredAt, long now)
    {
        lock (_lock)
        {
            _signal.TakeBack(Calls, answeredAt, now);
            CountLocked(isShed: true, now);
            _throttle.TakeBack(Accepted + (int)priority, answeredAt, now);
            HoldLocked(priority, retryAfter, now);
        }
    }

    /// <summary>Calls that have ended in the last two seconds, and how many of them were refused or dropped.</summary>
    public (int Calls, int Shed) Recent(long now)
    {
        lock (_lock)
        {
            return (_signal.Sum(Calls, now), _signal.Sum(ShedCalls, now));
        }
    }

    /// <summary>How likely the throttle is to refuse the next call.</summary>
    internal double ThrottleOf(Priority priority, long now)
    {
        lock (_lock)
        {
            return ProbabilityLocked((int)priority, now);
        }
    }

    // When it ends and not when it begins: what has taken longer than the signal looks back counts too.
    private void CountLocked(bool isShed, long now)
    {
        _signal.Add(Calls, now);
        if (isShed)
        {
            _signal.Add(ShedCalls, now);
        }
    }

    // What is refused to a priority is not to be had by one below.
    private void HoldLocked(Priority priority, TimeSpan retryAfter, long now)
    {
        TimeSpan longest = _settings().MaxRetryAfter;
        retryAfter = retryAfter < longest ? retryAfter : longest;
        if (retryAfter > TimeSpan.Zero)
        {
            long until = now + (long)(retryAfter.TotalSeconds * _time.TimestampFrequency);
            for (int i = (int)priority; i < Priorities.Count; i++)
            {
                _heldUntil[i] = Math.Max(_heldUntil[i], until);
            }
        }
    }

    private double ProbabilityLocked(int priority, long now)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "Counts are guarded.");

        // Of those that are on their way nobody knows yet whether they are accepted: a first burst is none of an overload.
        return _throttle.Sum(Decided + priority, now) < ClientThrottle.FewestRequests
            ? 0
            : ClientThrottle.ProbabilityOf(_throttle.Sum(Asked + priority, now), _throttle.Sum(Accepted + priority, now), _settings().ThrottleRatio);
    }

    [InlineArray(Priorities.Count)]
    private struct HeldUntil
    {
        private long _element;
    }
}
