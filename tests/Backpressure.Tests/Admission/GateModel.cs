using Backpressure.Admission;
using Backpressure.Configuration;

namespace Backpressure.Tests.Admission;

/// <summary>
/// What a gate should do, said as plainly as it can be: one list, searched from end to end, one thread, no bookkeeping
/// that could disagree with itself. Only the drain rate is taken from the gate, which measures it.
/// </summary>
internal sealed class GateModel
{
    private readonly List<Entry> _waiting = [];
    private readonly double[] _turns = new double[4];
    private readonly long?[] _lastArrival = new long?[4];
    private readonly long _ticksPerSecond;
    private long _order;

    public GateModel(int limit, QueueSettings settings, long ticksPerSecond)
    {
        Limit = Nominal = limit;
        Settings = settings;
        _ticksPerSecond = ticksPerSecond;
    }

    public int InFlight { get; private set; }

    public int Limit { get; private set; }

    public int Nominal { get; private set; }

    public bool Closed { get; private set; }

    public QueueSettings Settings { get; set; }

    public int Waiting => _waiting.Count;

    /// <summary>What the last operation decided about those who waited.</summary>
    public List<(int Id, WaiterState State, RejectionReason Reason)> Decided { get; } = [];

    private bool NewestFirst => Settings.ProcessingOrder == ProcessingOrder.NewestFirstUnderOverload;

    public (ArrivalResult Result, RejectionReason Reason) Arrive(int id, Arrival a, long now, double drain)
    {
        Decided.Clear();
        if (_waiting.Count == 0 && Fits(a.Cost))
        {
            InFlight += a.Cost;
            return (ArrivalResult.Admitted, RejectionReason.None);
        }

        if (a.Overflow == Overflow.Shed)
        {
            _lastArrival[(int)a.Priority] = now;
        }

        if (ReasonToRefuse(a, now, drain, out Entry? victim) is var reason and not RejectionReason.None)
        {
            return (ArrivalResult.Refused, reason);
        }

        if (victim is not null)
        {
            Refuse(victim, RejectionReason.Evicted);
        }

        long until = a.MaxWait > Arrival.Never - now ? Arrival.Never : now + a.MaxWait;
        _waiting.Add(new Entry(id, a, Math.Min(until, a.Deadline), ++_order));
        HandOver(now);
        return (ArrivalResult.Queued, RejectionReason.None);
    }

    public void Leave(int cost, long now)
    {
        Decided.Clear();
        InFlight -= cost;
        HandOver(now);
    }

    public void Cancel(int id, long now)
    {
        Decided.Clear();
        if (_waiting.Find(w => w.Id == id) is { } waiter)
        {
            Refuse(waiter, RejectionReason.ClientAborted);
            HandOver(now);
        }
    }

    public void Expire(long now)
    {
        Decided.Clear();
        foreach (Entry waiter in _waiting.Where(w => w.Expires <= now).ToArray())
        {
            Refuse(waiter, ReasonOfExpiry(waiter));
        }

        HandOver(now);
    }

    public void SetLimit(int limit, int nominal, long now)
    {
        Decided.Clear();
        Limit = limit;
        Nominal = nominal;
        HandOver(now);
    }

    public void Release(Predicate<Arrival> which, long now)
    {
        Decided.Clear();
        foreach (Entry waiter in _waiting.Where(w => which(w.Arrival)).ToArray())
        {
            Remove(waiter);
            Decided.Add((waiter.Id, WaiterState.Released, RejectionReason.None));
        }

        HandOver(now);
    }

    public void Close(long now)
    {
        Decided.Clear();
        Closed = true;
        foreach (Entry waiter in _waiting.Where(w => w.Arrival.Overflow == Overflow.Shed).ToArray())
        {
            Refuse(waiter, RejectionReason.ShuttingDown);
        }

        HandOver(now);
    }

    private static RejectionReason ReasonOfExpiry(Entry waiter) =>
        waiter.Expires == waiter.Arrival.Deadline ? RejectionReason.DeadlineExceeded : RejectionReason.MaxWaitElapsed;

    private bool Fits(int cost) => cost <= Limit ? InFlight + cost <= Limit : InFlight == 0;

    private RejectionReason ReasonToRefuse(Arrival a, long now, double drain, out Entry? victim)
    {
        victim = null;
        if (Closed)
        {
            return RejectionReason.ShuttingDown;
        }

        if (a.Deadline <= now)
        {
            return RejectionReason.DeadlineExceeded;
        }

        if (a.Overflow == Overflow.Reject)
        {
            return RejectionReason.LimitReached;
        }

        if (a.Overflow == Overflow.Block)
        {
            bool full = _waiting.Count(w => w.Arrival.Overflow == Overflow.Block) >= Settings.BlockCapacity;
            return full ? RejectionReason.BlockCapacityReached : RejectionReason.None;
        }

        int capacity = Settings.Capacity ?? Math.Max(16, 2 * Nominal);
        if (capacity == 0)
        {
            return RejectionReason.QueueFull;
        }

        if (drain > 0 && Infeasible(a, now, drain * Math.Max(1.0, (double)Nominal / Math.Max(1, Limit))) is var reason and not RejectionReason.None)
        {
            return reason;
        }

        int share = Math.Min((int)Math.Ceiling(capacity * Settings.MinShare), (capacity - 1) / 3);
        int kept = 0;
        for (int lower = (int)a.Priority + 1; lower < 4; lower++)
        {
            if (now - _lastArrival[lower] < 10 * _ticksPerSecond)
            {
                kept += Math.Max(0, share - Sheddable(lower).Count());
            }
        }

        if (_waiting.Count(w => w.Arrival.Overflow == Overflow.Shed) + kept < capacity)
        {
            return RejectionReason.None;
        }

        for (int lower = 3; lower > (int)a.Priority; lower--)
        {
            if (Sheddable(lower).Count() > share)
            {
                victim = NewestFirst ? Sheddable(lower).MinBy(w => w.Order) : Sheddable(lower).MaxBy(w => w.Order);
                return RejectionReason.None;
            }
        }

        return RejectionReason.QueueFull;
    }

    private RejectionReason Infeasible(Arrival a, long now, double drain)
    {
        int own = NewestFirst ? 0 : _waiting.Count(w => w.Arrival.Priority == a.Priority);
        int above = _waiting.Count(w => w.Arrival.Priority < a.Priority);
        double seconds = (above + own + 1) / drain;
        if (Settings.MinShare > 0 && a.Priority != Priority.Critical)
        {
            seconds = Math.Min(seconds, (own + 1) / (Settings.MinShare * drain));
        }

        double wait = seconds * _ticksPerSecond;
        return wait > a.MaxWait ? RejectionReason.WaitTooLong
            : a.Deadline != Arrival.Never && now + wait + a.UsualService > a.Deadline ? RejectionReason.DeadlineExceeded
            : RejectionReason.None;
    }

    private IEnumerable<Entry> Sheddable(int lane) =>
        _waiting.Where(w => (int)w.Arrival.Priority == lane && w.Arrival.Overflow == Overflow.Shed);

    private void HandOver(long now)
    {
        while (Next() is { } waiter)
        {
            Arrival a = waiter.Arrival;
            if (waiter.Expires <= now)
            {
                Refuse(waiter, ReasonOfExpiry(waiter));
            }
            else if (a.Deadline != Arrival.Never && now + a.UsualService > a.Deadline)
            {
                Refuse(waiter, RejectionReason.DeadlineExceeded);
            }
            else if (Fits(a.Cost))
            {
                InFlight += a.Cost;
                Serve(waiter);
                Decided.Add((waiter.Id, WaiterState.Admitted, RejectionReason.None));
            }
            else
            {
                return;
            }
        }
    }

    private Entry? Next()
    {
        int[] lanes = [.. _waiting.Select(w => (int)w.Arrival.Priority).Distinct().Order()];
        if (lanes.Length == 0)
        {
            return null;
        }

        int turn = lanes.Skip(1).FirstOrDefault(lane => _turns[lane] >= 1, lanes[0]);
        IEnumerable<Entry> lane = _waiting.Where(w => (int)w.Arrival.Priority == turn);
        return NewestFirst ? lane.MaxBy(w => w.Order) : lane.MinBy(w => w.Order);
    }

    private void Serve(Entry waiter)
    {
        int[] lanes = [.. _waiting.Select(w => (int)w.Arrival.Priority).Distinct().Order()];
        foreach (int lower in lanes.Skip(1))
        {
            _turns[lower] += Settings.MinShare;
        }

        if ((int)waiter.Arrival.Priority != lanes[0])
        {
            _turns[(int)waiter.Arrival.Priority] -= 1;
        }

        Remove(waiter);
    }

    private void Refuse(Entry waiter, RejectionReason reason)
    {
        Remove(waiter);
        Decided.Add((waiter.Id, WaiterState.Refused, reason));
    }

    private void Remove(Entry waiter)
    {
        _waiting.Remove(waiter);
        if (_waiting.TrueForAll(w => w.Arrival.Priority != waiter.Arrival.Priority))
        {
            _turns[(int)waiter.Arrival.Priority] = 0;
        }
    }

    private sealed record Entry(int Id, Arrival Arrival, long Expires, long Order);
}
