namespace Backpressure.Measurement;

/// <summary>A moment, how many units were in flight then, and how many of those have left.</summary>
internal sealed class LongHeldEpoch
{
    // Until it is noted, everybody was there.
    private long _at = long.MaxValue;
    private long _departures;
    private long _uncertain;
    private long _before;
    private int _inFlight;

    /// <summary>The moment, a timestamp.</summary>
    public long At => Volatile.Read(ref _at);

    /// <summary>Units of which it was told that they have left.</summary>
    public long Departures => Volatile.Read(ref _departures);

    /// <summary>Those of them that were in flight.</summary>
    public double Left => Departures - _before;

    /// <summary>Units that had departed at all.</summary>
    public double Departed { get; private set; }

    /// <summary>Makes it one that is not noted yet.</summary>
    public void Reset()
    {
        Volatile.Write(ref _at, long.MaxValue);
        Volatile.Write(ref _departures, 0);
        Volatile.Write(ref _uncertain, 0);
    }

    /// <summary>Fixes the moment.</summary>
    /// <param name="inFlight">Units in flight.</param>
    /// <param name="at">A timestamp from after those were read.</param>
    /// <param name="mark">Taken before they were read.</param>
    /// <param name="departed">Units that have departed at all.</param>
    public void Note(int inFlight, long at, LongHeldMark mark, double departed)
    {
        _inFlight = inFlight;
        _before = mark.Departures;
        Departed = departed;
        Volatile.Write(ref _at, at);
    }

    /// <summary>One has departed. Called by any thread.</summary>
    public void Add(long startedAt, int cost, int weight)
    {
        if (startedAt > At)
        {
            return;
        }

        Interlocked.Add(ref _departures, (long)weight * cost);
        if (weight > 1)
        {
            // One of w is measured: each stands for w with a variance of w (w - 1).
            Interlocked.Add(ref _uncertain, (long)weight * (weight - 1) * cost * cost);
        }
    }

    /// <summary>Units that are still there, less so many standard errors.</summary>
    public double Staying(double errors) => _inFlight - Left - (errors * Math.Sqrt(Volatile.Read(ref _uncertain)));
}

/// <summary>Where a count of departures stood before the gate was read.</summary>
internal readonly record struct LongHeldMark(LongHeldEpoch? Epoch, long Departures);
