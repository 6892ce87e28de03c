using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <summary>
/// How many requests a second a full gate completes, measured from the gate's own completion counter between arrivals
/// that met it full: it costs the free path nothing. Guarded by its gate's lock.
/// </summary>
internal struct DrainRate
{
    /// <summary>Averaged over about this long, so that a changed downstream shows within a second.</summary>
    private const double MemorySeconds = 0.5;

    /// <summary>An interval holds this many completions, so that one sample is not all noise…</summary>
    private const int EnoughCompletions = 8;

    /// <summary>…or lasts this many times as long as they should have taken: the downstream has stalled.</summary>
    private const double StalledAfter = 4;

    /// <summary>
    /// Between two who met it full a gate may have been free for a while, and completions then tell of the load, not of
    /// what the downstream could do. Two that are no further apart than this many completions take…
    /// </summary>
    private const double FullBetween = 4;

    /// <summary>…or this many seconds at least are taken to have met one full stretch…</summary>
    private const double LeastFullSeconds = 0.1;

    /// <summary>…and two that are further apart than this are not, however slow the downstream.</summary>
    private const double MostFullSeconds = 1;

    // Worked out when the rate moves, so that most who meet it full cost no division; in whole ticks, as what is compared with them.
    private long _stalledTicks;
    private long _longestFullTicks;
    private long _startedAt;
    private long _seenFullAt;
    private uint _startSequence;
    private uint _seenSequence;
    private bool _started;

    /// <summary>Requests per second; 0: not known yet.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Somebody met the gate full.</summary>
    public void NoteFull(long now, uint sequence, long ticksPerSecond)
    {
        // What has completed nothing since it was full has been full all the time, however long ago that was.
        bool stayedFull = _started
            && (sequence == _seenSequence || now - _seenFullAt <= (PerSecond > 0 ? _longestFullTicks : (long)(MostFullSeconds * ticksPerSecond)));
        _seenFullAt = now;
        _seenSequence = sequence;
        if (!stayedFull)
        {
            _started = true;
            _startedAt = now;
            _startSequence = sequence;
            return;
        }

        uint completed = (sequence - _startSequence) & GateWord.SequenceMask;
        long ticks = now - _startedAt;
        bool enough = completed >= EnoughCompletions;
        bool stalled = PerSecond > 0 && ticks > _stalledTicks;
        if (ticks <= 0 || (!enough && !stalled))
        {
            return;
        }

        TakeSample(ticks, completed, ticksPerSecond);
        _startedAt = now;
        _startSequence = sequence;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeSample(long ticks, uint completed, long ticksPerSecond)
    {
        double seconds = (double)ticks / ticksPerSecond;
        double sample = Math.Max(completed, 1) / seconds;
        double weight = PerSecond > 0 ? 1 - Math.Exp(-seconds / MemorySeconds) : 1;
        PerSecond += weight * (sample - PerSecond);
        _stalledTicks = (long)(StalledAfter * EnoughCompletions / PerSecond * ticksPerSecond);
        _longestFullTicks = (long)(Math.Clamp(FullBetween / PerSecond, LeastFullSeconds, MostFullSeconds) * ticksPerSecond);
    }
}
