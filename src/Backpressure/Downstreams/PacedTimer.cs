namespace Backpressure.Downstreams;

/// <summary>How often a downstream must look at the clock.</summary>
internal enum Pace
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>Each second: it sheds, and will want to say when it has stopped.</summary>
    Shedding,

    /// <summary>Every 20 ms: so many come that only some are measured, and they may stop coming.</summary>
    Sampling,

    /// <summary>Every 10 ms: somebody waits.</summary>
    Waiting,
}

/// <summary>A downstream's one timer: it runs only while it is needed, and never stands down over somebody who waits.</summary>
/// <remarks>
/// Whoever needs it first makes that visible (marks the gate) and then calls <see cref="Raise"/>; <see cref="Set"/>
/// first lowers the pace and then looks again at what is needed. With a full fence between on both sides, one of the
/// two sees the other.
/// </remarks>
internal sealed class PacedTimer : IDisposable
{
    private static readonly TimeSpan WaitingTick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SamplingTick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SheddingTick = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private volatile Pace _pace;

    public PacedTimer(TimeProvider time, Action tick) =>
        _timer = time.CreateTimer(static state => ((Action)state!)(), tick, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public Pace Pace => _pace;

    /// <summary>Makes it tick at least at this pace.</summary>
    public void Raise(Pace wanted)
    {
        Interlocked.MemoryBarrier();
        if (_pace >= wanted)
        {
            return;
        }

        lock (_lock)
        {
            if (_pace < wanted)
            {
                ChangeLocked(wanted);
            }
        }
    }

    /// <summary>Makes it tick at the pace that is needed, also if that changes meanwhile.</summary>
    public void Set(Func<Pace> wanted)
    {
        Pace pace = wanted();
        lock (_lock)
        {
            if (_pace != pace)
            {
                ChangeLocked(pace);
            }
        }

        Interlocked.MemoryBarrier();
        Raise(wanted());
    }

    public void Dispose() => _timer.Dispose();

    private void ChangeLocked(Pace pace)
    {
        _pace = pace;
        TimeSpan period = pace switch
        {
            Pace.Waiting => WaitingTick,
            Pace.Sampling => SamplingTick,
            Pace.Shedding => SheddingTick,
            _ => Timeout.InfiniteTimeSpan,
        };
        _timer.Change(period, period);
    }
}
