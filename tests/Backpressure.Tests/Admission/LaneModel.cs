using Backpressure.Admission;

namespace Backpressure.Tests.Admission;

/// <summary>
/// One priority of <see cref="GateModel"/>: a list of those who wait and an account a queue, everything else worked out anew
/// each time from these two.
/// </summary>
internal sealed class LaneModel(long ticksPerSecond)
{
    private readonly long[] _paid = new long[256];
    private long _maxLead = 60 * ticksPerSecond;
    private bool _partitioned;
    private long _fair;
    private long _emptiedAt;
    private long _keptSince;
    private long _standingSince;

    public List<Entry> Waiting { get; } = [];

    public int Units
    {
        set => _maxLead = Math.Max(60, 10 * value) * ticksPerSecond;
    }

    /// <summary>Saved up to go before the lanes above it.</summary>
    public double Credit { get; set; }

    public long? LastArrival { get; private set; }

    public long LastWork { get; private set; }

    public IEnumerable<Entry> Sheddable => Waiting.Where(w => w.Arrival.Overflow == Overflow.Shed);

    /// <summary>Those that others wait for already, and who cannot block: before all queues, oldest first, last to be evicted.</summary>
    public IEnumerable<Entry> Nested => Sheddable.Where(w => w.Arrival.Nested).OrderBy(w => w.Order);

    public bool Stands(long now) => Waiting.Count > 0 && now - _standingSince > 0.1 * ticksPerSecond;

    public bool IsVisited(long now) => now - LastArrival < 10 * ticksPerSecond;

    /// <summary>Somebody came who may take a sheddable place.</summary>
    public void NoteArrival(Arrival arrival, long now)
    {
        if (Waiting.Count == 0 && !IsVisited(now))
        {
            Credit = 0;
        }

        LastArrival = now;
        LastWork = WorkOf(arrival);
    }

    public static int[] HandOf(ulong partition)
    {
        PartitionHand hand = PartitionHand.Of(partition);
        return [.. Enumerable.Range(0, hand.Count).Select(i => hand[i])];
    }

    public void Add(int id, Arrival arrival, long expires, long order, long now)
    {
        if (Waiting.Count == 0)
        {
            _standingSince = now;
            if (now - _emptiedAt > ticksPerSecond)
            {
                Array.Clear(_paid);
                _fair = 0;
                _keptSince = now;
            }
        }

        if (arrival.Partition != 0 && !_partitioned)
        {
            _partitioned = true;
            _keptSince = now;
        }

        int queue = QueueFor(HandOf(arrival.Partition));
        if (!In(queue).Any() && !IsAhead(arrival))
        {
            _paid[queue] = Math.Max(_paid[queue], _fair);
        }

        Waiting.Add(new Entry(id, arrival, expires, order, queue, WorkOf(arrival)));
    }

    public void Remove(Entry waiter, long now)
    {
        Waiting.Remove(waiter);
        if (Waiting.Count == 0)
        {
            Credit = IsVisited(now) ? Math.Min(Credit, LastWork) : 0;
            _emptiedAt = now;
        }
    }

    public Entry? Next(bool newestFirst)
    {
        if (Nested.FirstOrDefault() is { } nested)
        {
            return nested;
        }

        if (!Queued.Any())
        {
            return null;
        }

        int queue = FirstQueue();
        return newestFirst ? In(queue).MaxBy(w => w.Order) : In(queue).MinBy(w => w.Order);
    }

    public void Charge(Entry waiter)
    {
        if (_partitioned)
        {
            // One that goes before all queues moves no clock of theirs.
            int first = IsAhead(waiter.Arrival) && Queued.Any() ? FirstQueue() : waiter.Queue;
            _fair = Math.Max(_fair, _paid[first]);
            foreach (int queue in HandOf(waiter.Arrival.Partition))
            {
                _paid[queue] = Math.Min(Math.Max(_paid[queue], _fair) + waiter.Work, _fair + _maxLead);
            }
        }
    }

    public void Correct(ulong partition, long charged, long taken, long servedAt)
    {
        if (_partitioned && servedAt >= _keptSince)
        {
            foreach (int queue in charged == taken ? [] : HandOf(partition))
            {
                _paid[queue] = Math.Clamp(_paid[queue] + taken - charged, _fair - _maxLead, _fair + _maxLead);
            }
        }
    }

    public double Ahead(ulong partition, bool newestFirst, bool nested)
    {
        double ahead = Nested.Count();
        if (nested || !Queued.Any())
        {
            return ahead;
        }

        int own = QueueFor(HandOf(partition));
        long start = Math.Max(_paid[own], _fair) + (newestFirst ? 0 : OwedBy(own));
        foreach (int queue in Queued.Select(w => w.Queue).Distinct().Order())
        {
            if (_paid[queue] <= start && !(newestFirst && queue == own))
            {
                ahead += Math.Max(1, In(queue).Count() * Math.Min(1, (double)(start - _paid[queue]) / OwedBy(queue)));
            }
        }

        return ahead;
    }

    /// <summary>The one who goes when a place of this lane is wanted by a newcomer, or (null) by a higher priority.</summary>
    public Entry? Victim(Arrival? newcomer, bool newestFirst)
    {
        var candidates = Queued.Select(w => w.Queue).Distinct()
            .Select(q => In(q).Where(w => w.Arrival.Overflow == Overflow.Shed))
            .Where(all => all.Any())
            .Select(all => newestFirst ? all.MinBy(w => w.Order)! : all.MaxBy(w => w.Order)!)
            .Select(w => (Waiter: (Entry?)w, Load: LoadOf(w.Arrival.Partition), w.Arrival.Cohort, Last: newestFirst ? -w.Order : w.Order))
            .ToList();
        if (newcomer is { } asking)
        {
            candidates.Add((null, LoadOf(asking.Partition) + WorkOf(asking), asking.Cohort, long.MaxValue));
        }

        if (candidates.Count == 0)
        {
            return Nested.LastOrDefault();
        }

        var heavy = candidates.OrderByDescending(c => c.Load).ThenByDescending(c => c.Last).First();
        var low = candidates.OrderBy(c => c.Cohort).ThenByDescending(c => c.Load).ThenByDescending(c => c.Last).First();
        return heavy.Load / 4 > low.Load ? heavy.Waiter : low.Waiter;
    }

    // Where accounts are equal, the one with the oldest waiter.
    private int FirstQueue() => Queued.Select(w => w.Queue).Distinct().OrderBy(q => _paid[q]).ThenBy(q => In(q).Min(w => w.Order)).First();

    private static bool IsAhead(Arrival arrival) => arrival.Nested && arrival.Overflow == Overflow.Shed;

    private IEnumerable<Entry> Queued => Waiting.Where(w => !IsAhead(w.Arrival));

    private IEnumerable<Entry> In(int queue) => Queued.Where(w => w.Queue == queue);

    private long OwedBy(int queue) => Waiting.Where(w => HandOf(w.Arrival.Partition).Contains(queue)).Sum(w => w.Work);

    private long LoadOf(ulong partition) => HandOf(partition).Min(q => Math.Max(0, _paid[q] - _fair) + OwedBy(q));

    private int QueueFor(int[] hand) => hand
        .OrderBy(q => Math.Max(_paid[q], _fair) + OwedBy(q))
        .ThenBy(q => In(q).Count())
        .First();

    public long WorkOf(Arrival a) =>
        Math.Clamp((a.UsualService > 0 ? a.UsualService : ticksPerSecond / 20) * a.Cost, 1, 10 * ticksPerSecond);

    internal sealed record Entry(int Id, Arrival Arrival, long Expires, long Order, int Queue, long Work);
}
