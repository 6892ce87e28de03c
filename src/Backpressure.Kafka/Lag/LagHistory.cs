namespace Backpressure.Kafka.Lag;

/// <summary>
/// Makes a lag of what the cluster says, one look after the other. Told the time; knows no broker and no clock.
/// </summary>
/// <remarks>
/// <para>The drain rate is what was committed over the last 30 s <em>in which there was something to do</em>: an idle group is not a
/// slow one. Groups commit every few seconds, so a shorter window would see none, and then all at once.</para>
/// <para>A partition without a commit counts what has come since it was first seen: where its group would begin is not known from outside.
/// One that appears later is new, so all of it counts. A group without any commit is not known: its name may be wrong.</para>
/// </remarks>
internal sealed class LagHistory
{
    /// <summary>Seconds of work that the rate is measured over.</summary>
    public const double Window = 30;

    private readonly Dictionary<int, long> _done = [];
    private readonly Queue<(double Busy, long Total)> _marks = new();
    private bool _seen;
    private double _lastAt;
    private double _lastLag;
    private double _busy;
    private long _total;

    /// <summary>Takes in a look at all partitions.</summary>
    /// <param name="partitions">All of them: one that is missing would pass for less lag.</param>
    /// <param name="at">When, in seconds from anywhere.</param>
    public LagSample Observe(IReadOnlyList<PartitionOffsets> partitions, double at)
    {
        long lag = 0;
        long progress = 0;
        bool anyCommit = false;
        foreach (PartitionOffsets partition in partitions)
        {
            anyCommit |= partition.Committed is not null;
            if (!_done.TryGetValue(partition.Partition, out long before))
            {
                before = _seen ? partition.Low : partition.Committed ?? partition.High;
            }

            // A group that was set back has done nothing in the meantime; what is no longer kept is neither done nor to be done.
            long done = Math.Max(partition.Committed ?? before, partition.Low);
            progress += Math.Max(0, Math.Min(partition.Committed ?? before, partition.High) - before);
            lag += Math.Max(0, partition.High - done);
            _done[partition.Partition] = done;
        }

        Advance(at, progress, lag);
        return anyCommit ? new LagSample(lag, SecondsFor(lag)) : LagSample.Unknown;
    }

    private void Advance(double at, long progress, long lag)
    {
        if (!_seen)
        {
            _seen = true;
            _marks.Enqueue((0, 0));
        }
        else if (_lastLag > 0 || progress > 0)
        {
            _busy += Math.Max(0, at - _lastAt);
            _total += progress;
            _marks.Enqueue((_busy, _total));
        }

        _lastAt = at;
        _lastLag = lag;

        // One mark older than the window is kept: it is where the window begins.
        while (_marks.Count > 2 && _marks.ElementAt(1).Busy <= _busy - Window)
        {
            _marks.Dequeue();
        }
    }

    private double SecondsFor(long lag)
    {
        if (lag == 0)
        {
            return 0;
        }

        (double busySince, long totalSince) = _marks.Peek();
        double busy = _busy - busySince;
        long done = _total - totalSince;
        if (done > 0)
        {
            return lag * busy / done;
        }

        // Nothing in the whole window: at most one message in it. Before it is full, nothing says that the group stands.
        return busy >= Window ? lag * busy : double.NaN;
    }
}
