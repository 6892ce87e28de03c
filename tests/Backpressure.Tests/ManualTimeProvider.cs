namespace Backpressure.Tests;

/// <summary>A clock that costs next to nothing to read, for races: it moves when read, and timers fire when told.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private volatile ManualTimer[] _timers = [];
    private long _now = 1_000_000;

    public override long TimestampFrequency => 1_000_000;

    /// <summary>The shortest period that any gate's timer runs at: a second at most, unlike the sweep of idle rate limits.</summary>
    public TimeSpan GatePeriod => _timers.Select(t => t.Period).Where(p => p > TimeSpan.Zero && p <= TimeSpan.FromSeconds(1)).DefaultIfEmpty(Timeout.InfiniteTimeSpan).Min();

    public override long GetTimestamp() => Interlocked.Add(ref _now, 2);

    public void Pass(TimeSpan time) => Interlocked.Add(ref _now, (long)time.TotalMicroseconds);

    /// <summary>Fires all timers that run.</summary>
    public void Fire()
    {
        foreach (ManualTimer timer in _timers)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(callback, state, period);
        lock (_lock)
        {
            _timers = [.. _timers, timer];
        }

        return timer;
    }

    private sealed class ManualTimer(TimerCallback callback, object? state, TimeSpan period) : ITimer
    {
        private long _period = period.Ticks;

        public TimeSpan Period => TimeSpan.FromTicks(Volatile.Read(ref _period));

        public void Fire()
        {
            if (Period > TimeSpan.Zero)
            {
                callback(state);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Volatile.Write(ref _period, period.Ticks);
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
