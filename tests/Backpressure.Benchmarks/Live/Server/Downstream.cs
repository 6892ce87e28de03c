namespace Backpressure.Benchmarks.Live;

/// <summary>
/// A downstream with a fixed number of workers and a queue of any length in front of them. It is computed, not run: who
/// ends when follows from who came when, so that it behaves like another machine, which goes on working while this
/// process waits for its processor. Only telling the server is late then. What has been asked of it is done, whether or
/// not the client still waits.
/// </summary>
internal sealed class Downstream
{
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMicroseconds(50);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Plant _plant;
    private readonly IReadOnlyList<CapacityChange> _changes;
    private readonly ExponentialDeck _exponential;
    private readonly PriorityQueue<Job, long> _running = new();
    private readonly Queue<Job> _waiting = new();
    private readonly Queue<(Job Job, long Left)> _frozen = new();
    private readonly int[] _lateByTenthOfMs = new int[100_000];

    private int _workers;
    private int _nextChange;
    private long? _start;
    private int _peak;

    public Downstream(Plant plant, IReadOnlyList<CapacityChange> changes, int seed, TimeProvider time)
    {
        (_plant, _changes, _workers, _time) = (plant, changes, plant.Workers, time);
        _exponential = new ExponentialDeck(seed);
        if (!plant.Computes)
        {
            new Thread(Tick) { IsBackground = true, Name = "Downstream" }.Start();
        }
    }

    public int PeakInIt
    {
        get
        {
            lock (_lock)
            {
                return _peak;
            }
        }
    }

    public double LateP99Ms
    {
        get
        {
            lock (_lock)
            {
                long beyond = _lateByTenthOfMs.Sum(n => (long)n) / 100;
                int bucket = _lateByTenthOfMs.Length - 1;
                for (long seen = 0; bucket > 0 && (seen += _lateByTenthOfMs[bucket]) <= beyond; bucket--)
                {
                }

                return bucket / 10.0;
            }
        }
    }

    private int InItLocked => _running.Count + _waiting.Count + _frozen.Count;

    /// <summary>From when the changes of capacity are counted.</summary>
    public void Start(long timestamp)
    {
        lock (_lock)
        {
            _start = timestamp;
            _peak = 0;
            Array.Clear(_lateByTenthOfMs);
        }
    }

    /// <summary>Uses it once; ends when it has been served.</summary>
    public Task UseAsync(Route route)
    {
        Job job;
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            AdvanceLocked(now);
            double ms = route.FixedMs + (route.ExponentialMs * _exponential.Next());
            job = new Job((long)(ms / 1000 * _time.TimestampFrequency));
            _waiting.Enqueue(job);
            _peak = Math.Max(_peak, InItLocked);
            StartWaitingLocked(now);
        }

        return job.Task;
    }

    private void Tick()
    {
        while (true)
        {
            long next;
            lock (_lock)
            {
                AdvanceLocked(_time.GetTimestamp());
                next = NextEndLocked();
            }

            FineSleep.Until(next, ShortestSleep, _time);
        }
    }

    /// <summary>All that has happened until now, in its order, each at its own time.</summary>
    private void AdvanceLocked(long now)
    {
        while (true)
        {
            long end = NextEndLocked();
            long change = NextChangeLocked();
            if (Math.Min(end, change) > now)
            {
                return;
            }

            if (change <= end)
            {
                ChangeLocked(change);
                continue;
            }

            Job job = _running.Dequeue();
            StartWaitingLocked(end);
            int late = (int)((now - end) * 10_000 / _time.TimestampFrequency);
            _lateByTenthOfMs[Math.Min(late, _lateByTenthOfMs.Length - 1)]++;

            // Continuations run elsewhere: this only wakes them.
            job.SetResult();
        }
    }

    private long NextEndLocked() => _running.TryPeek(out _, out long end) ? end : long.MaxValue;

    private long NextChangeLocked() => _start is { } start && _nextChange < _changes.Count
        ? start + (long)(_changes[_nextChange].AtSecond * _time.TimestampFrequency)
        : long.MaxValue;

    private void ChangeLocked(long at)
    {
        _workers = _changes[_nextChange++].Workers;
        while (_workers == 0 && _running.TryDequeue(out Job? job, out long end))
        {
            _frozen.Enqueue((job, end - at));
        }

        while (_workers > 0 && _frozen.TryDequeue(out (Job Job, long Left) frozen))
        {
            _running.Enqueue(frozen.Job, at + frozen.Left);
        }

        StartWaitingLocked(at);
    }

    private void StartWaitingLocked(long at)
    {
        while (_running.Count < _workers && _waiting.Count > 0)
        {
            double tooMany = Math.Max(0, InItLocked - _workers);
            double stretch = 1 + (_plant.Contention * tooMany / _workers);
            Job job = _waiting.Dequeue();
            _running.Enqueue(job, at + (long)(job.Ticks * stretch));
        }
    }

    private sealed class Job(long ticks) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Ticks { get; } = ticks;
    }
}
