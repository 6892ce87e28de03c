namespace Backpressure.Signals;

/// <summary>
/// How long work waits for a thread of the pool, in seconds: one piece of work that does nothing is queued, and timed until it runs.
/// One that still waits has waited for at least as long as it has, so a pool that runs nothing is seen while it runs nothing.
/// </summary>
internal sealed class ThreadPoolProbe : ISignalSource, IThreadPoolWorkItem
{
    private readonly TimeProvider _time;
    private readonly Action<IThreadPoolWorkItem> _queue;
    private long _queuedAt;
    private long _delay = long.MinValue;
    private bool _waiting;

    /// <param name="time">The clock.</param>
    /// <param name="queue">Queues work; null: to the pool.</param>
    public ThreadPoolProbe(TimeProvider time, Action<IThreadPoolWorkItem>? queue = null)
    {
        _time = time;
        _queue = queue ?? (static work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false));
    }

    public string Absence => "The thread pool has run nothing yet.";

    public double Read(long now)
    {
        long delay = Volatile.Read(ref _delay);
        if (Volatile.Read(ref _waiting))
        {
            delay = Math.Max(delay, now - _queuedAt);
        }
        else
        {
            // Written before it can run.
            _queuedAt = now;
            Volatile.Write(ref _waiting, true);
            _queue(this);
        }

        return delay == long.MinValue ? double.NaN : (double)Math.Max(0, delay) / _time.TimestampFrequency;
    }

    public void Execute()
    {
        Volatile.Write(ref _delay, _time.GetTimestamp() - _queuedAt);
        Volatile.Write(ref _waiting, false);
    }

    public void Dispose()
    {
        // What is queued runs and finds nobody.
    }
}
