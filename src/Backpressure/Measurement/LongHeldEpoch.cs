namespace Backpressure.Measurement;

/// <summary>A moment, how many units were in flight then, and how many of those have left.</summary>
internal sealed class LongHeldEpoch
{
    // Until it is noted, everybody was there.
    private long _at = long.MaxValue;
    private long _departures;
    private long _before;
    private int _inFlight;

    /// <summary>The moment, a timestamp.</summary>
    public long At => Volatile.Read(ref _at);

    /// <summary>Units of which it was told that they have left.</summary>
    public long Departures => Volatile.Read(ref _departures);

    /// <summary>Those of them that were in flight.</summary>
    public double Left => Departures - _before;

    /// <summary>Units that are still there; none where less than none are.</summary>
    public double Staying => Math.Max(0, _inFlight - Left);

    /// <summary>Units that had departed at all.</summary>
    public double Departed { get; private set; }

    /// <summary>Makes it one that is not noted yet.</summary>
    public void Reset()
    {
        Volatile.Write(ref _at, long.MaxValue);
        Volatile.Write(ref _departures, 0);
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

    /// <summary>So many have departed. Called by any thread.</summary>
    public void Add(long startedAt, long units)
    {
        if (startedAt <= At)
        {
            Interlocked.Add(ref _departures, units);
        }
    }
}

/// <summary>Where a count of departures stood before the gate was read.</summary>
internal readonly record struct LongHeldMark(LongHeldEpoch? Epoch, long Departures);
