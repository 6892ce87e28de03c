namespace Backpressure.Signals;

/// <summary>What one series of an instrument has told.</summary>
internal sealed class SeriesCell
{
    private readonly Lock _lock = new();
    private double _value;
    private double _max = double.NegativeInfinity;
    private long _count;
    private long _look;

    /// <summary>Takes a measurement.</summary>
    /// <param name="value">What was measured.</param>
    /// <param name="kind">What measurements mean.</param>
    /// <param name="look">The number of the look it belongs to, for observed ones.</param>
    public void Record(double value, SeriesKind kind, long look)
    {
        lock (_lock)
        {
            _look = look;
            _value = kind is SeriesKind.Changes or SeriesKind.Events ? _value + value : value;
            _max = Math.Max(_max, value);
            _count++;
        }
    }

    /// <summary>What it comes to now. Events are counted once: the next look starts afresh.</summary>
    /// <param name="kind">What measurements mean.</param>
    /// <param name="look">The number of this look: an observed series that was not told of in it is gone.</param>
    public SeriesReading Take(SeriesKind kind, long look)
    {
        lock (_lock)
        {
            if (_count == 0 || (kind == SeriesKind.Observed && _look != look))
            {
                return default;
            }

            if (kind != SeriesKind.Events)
            {
                return new SeriesReading(_value, _value, 1);
            }

            var events = new SeriesReading(_value, _max, _count);
            (_value, _max, _count) = (0, double.NegativeInfinity, 0);
            return events;
        }
    }
}

/// <summary>What measurements of an instrument mean.</summary>
internal enum SeriesKind
{
    /// <summary>By how much it changed: counters and up-down counters.</summary>
    Changes,

    /// <summary>What it is: gauges.</summary>
    Values,

    /// <summary>Something that happened: histograms.</summary>
    Events,

    /// <summary>What it is, at the moment it is asked.</summary>
    Observed,
}

/// <summary>What a series comes to.</summary>
/// <param name="Sum">Its value, or the sum of its events.</param>
/// <param name="Max">Its value, or the largest event.</param>
/// <param name="Count">1 where it has a value, or the number of events.</param>
internal readonly record struct SeriesReading(double Sum, double Max, double Count);
