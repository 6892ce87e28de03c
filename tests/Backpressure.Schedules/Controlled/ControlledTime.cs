namespace Backpressure.Schedules.Controlled;

/// <summary>
/// Stands for <see cref="System.TimeProvider"/>: a clock that moves when it is told, and whose timers fire when it is
/// told, on whichever task tells it.
/// </summary>
public sealed class ControlledTime : System.TimeProvider
{
    private static ControlledTime s_system = new();
    private readonly object _lock = new();
    private readonly List<ControlledTimer> _timers = [];
    private long _now = 1_000_000;

    /// <summary>The clock of whoever asks for the system's: the schedule's own.</summary>
    public static new ControlledTime System => s_system;

    public override long TimestampFrequency => 1_000_000;

    /// <summary>The shortest period that any gate's timer runs at: a second at most, unlike the sweep of idle rate limits.</summary>
    public TimeSpan GatePeriod => Running().Where(p => p <= TimeSpan.FromSeconds(1)).DefaultIfEmpty(Timeout.InfiniteTimeSpan).Min();

    /// <summary>Begins a schedule with a fresh system clock.</summary>
    public static ControlledTime BeginSystem() => s_system = new ControlledTime();

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public void Pass(TimeSpan time) => Interlocked.Add(ref _now, (long)time.TotalMicroseconds);

    /// <summary>Fires all timers that run.</summary>
    public void RunTimers()
    {
        ControlledTimer[] timers;
        lock (_lock)
        {
            timers = [.. _timers];
        }

        Array.ForEach(timers, timer => timer.Run());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ControlledTimer(callback, state, period);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    private List<TimeSpan> Running()
    {
        lock (_lock)
        {
            return [.. _timers.Select(t => t.Period).Where(p => p > TimeSpan.Zero)];
        }
    }

    private sealed class ControlledTimer(TimerCallback callback, object? state, TimeSpan period) : ITimer
    {
        private readonly object _lock = new();
        private long _period = period.Ticks;
        private bool _disposed;

        public TimeSpan Period => TimeSpan.FromTicks(Volatile.Read(ref _period));

        public void Run()
        {
            if (Period > TimeSpan.Zero)
            {
                callback(state);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
            {
                if (!_disposed)
                {
                    Volatile.Write(ref _period, period.Ticks);
                }

                return !_disposed;
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
                Volatile.Write(ref _period, Timeout.InfiniteTimeSpan.Ticks);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
