namespace Backpressure.Simulation.Running;

/// <summary>
/// The clock of one run. It stands still between events, and its timers are events like all others: whoever runs the
/// events asks <see cref="NextDue"/> and fires.
/// </summary>
internal sealed class VirtualTime : TimeProvider
{
    public const long TicksPerSecond = 1_000_000_000;

    private readonly List<VirtualTimer> _timers = [];

    public long Now { get; private set; }

    /// <summary>In seconds; infinite when no timer runs.</summary>
    public double NextDue { get; private set; } = double.PositiveInfinity;

    public override long TimestampFrequency => TicksPerSecond;

    public static long TicksOf(double seconds) => (long)(seconds * TicksPerSecond);

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now / 100);

    public void AdvanceTo(double seconds) => Now = TicksOf(seconds);

    /// <summary>Fires what is due next.</summary>
    public void Fire()
    {
        VirtualTimer? due = null;
        foreach (VirtualTimer timer in _timers)
        {
            if (due is null || timer.DueAt < due.DueAt)
            {
                due = timer;
            }
        }

        due?.Fire(this);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(this, callback, state);
        _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Look()
    {
        double due = double.PositiveInfinity;
        foreach (VirtualTimer timer in _timers)
        {
            due = Math.Min(due, timer.DueAt);
        }

        NextDue = due;
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private double _period = double.PositiveInfinity;

        public double DueAt { get; private set; } = double.PositiveInfinity;

        public void Fire(VirtualTime owner)
        {
            DueAt += _period;
            owner.Look();
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period > TimeSpan.Zero ? period.TotalSeconds : double.PositiveInfinity;
            DueAt = dueTime >= TimeSpan.Zero ? ((double)time.Now / TicksPerSecond) + dueTime.TotalSeconds : double.PositiveInfinity;
            time.Look();
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
