namespace Backpressure.Http.Destinations;

/// <summary>Counts of some series over the last while, forgotten slice by slice. Not thread-safe.</summary>
/// <param name="series">How many series.</param>
/// <param name="window">How long each count is remembered, in timestamp ticks.</param>
/// <param name="slices">In how many slices.</param>
internal sealed class SlidingCounts(int series, long window, int slices = 10)
{
    private readonly long _sliceTicks = Math.Max(1, window / slices);
    private readonly int[] _counts = new int[series * slices];
    private readonly int[] _sums = new int[series];
    private long _slice = long.MinValue;

    /// <summary>Counts one more.</summary>
    public void Add(int index, long now, int count = 1)
    {
        MoveTo(now);
        _counts[((int)(_slice % slices) * series) + index] += count;
        _sums[index] += count;
    }

    /// <summary>Takes one back where it was counted, unless it is forgotten already.</summary>
    public void TakeBack(int index, long at, long now)
    {
        MoveTo(now);
        long slice = Math.Max(0, at) / _sliceTicks;
        if (slice > _slice - slices)
        {
            _counts[((int)(Math.Min(slice, _slice) % slices) * series) + index]--;
            _sums[index]--;
        }
    }

    public int Sum(int index, long now)
    {
        MoveTo(now);
        return _sums[index];
    }

    private void MoveTo(long now)
    {
        long slice = Math.Max(0, now) / _sliceTicks;
        if (slice <= _slice)
        {
            return;
        }

        // What is older than all slices leaves them all empty once.
        for (long next = Math.Max(Math.Max(0, _slice + 1), slice - slices + 1); next <= slice; next++)
        {
            Span<int> expired = _counts.AsSpan((int)(next % slices) * series, series);
            for (int i = 0; i < series; i++)
            {
                _sums[i] -= expired[i];
            }

            expired.Clear();
        }

        _slice = slice;
    }
}
