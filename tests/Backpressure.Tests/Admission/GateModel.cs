using Backpressure.Admission;
using Backpressure.Configuration;

namespace Backpressure.Tests.Admission;

/// <summary>
/// What a gate should do, said as plainly as it can be: one list, searched from end to end, one thread, no bookkeeping
/// that could disagree with itself. Only the drain rate is taken from the gate, which measures it.
/// </summary>
internal sealed class GateModel
{
    private readonly LaneModel[] _lanes;
    private readonly long _ticksPerSecond;
    private long _order;

    // The lane for whose heavy head those above it are held back.
    private int? _heldFor;
    private long _heldSince;

    public GateModel(int limit, QueueSettings settings, long ticksPerSecond)
    {
        Limit = Nominal = limit;
        Settings = settings;
        _ticksPerSecond = ticksPerSecond;
        _lanes = [.. Enumerable.Range(0, 4).Select(_ => new LaneModel(ticksPerSecond) { Units = limit })];
    }

    public int InFlight { get; private set; }

    public int Limit { get; private set; }

    public int Nominal { get; private set; }

    public bool Closed { get; private set; }

    public QueueSettings Settings { get; set; }

    public int Waiting => All.Count();

    /// <summary>What the last operation decided about those who waited.</summary>
    public List<(int Id, WaiterState State, RejectionReason Reason)> Decided { get; } = [];

    private IEnumerable<LaneModel.Entry> All => _lanes.SelectMany(lane => lane.Waiting);

    public (ArrivalResult Result, RejectionReason Reason) Arrive(int id, Arrival a, long now, double drain)
    {
        Decided.Clear();
        if (Waiting == 0 && Fits(a.Cost))
        {
            InFlight += a.Cost;
            return (ArrivalResult.Admitted, RejectionReason.None);
        }

        if (a.Overflow == Overflow.Shed)
        {
            _lanes[(int)a.Priority].NoteArrival(a, now);
        }

        if (ReasonToRefuse(a, now, drain, out LaneModel.Entry? victim) is var reason and not RejectionReason.None)
        {
            return (ArrivalResult.Refused, reason);
        }

        if (victim is not null)
        {
            Refuse(victim, RejectionReason.Evicted, now);
        }

        long until = a.MaxWait > Arrival.Never - now ? Arrival.Never : now + a.MaxWait;
        _lanes[(int)a.Priority].Add(id, a, Math.Min(until, a.Deadline), ++_order, now);
        HandOver(now);
        return (ArrivalResult.Queued, RejectionReason.None);
    }

    /// <summary>Work ends; <paramref name="served"/> if it had waited, and then it has taken so much since its turn.</summary>
    public void Leave(int cost, Arrival? served, long charged, long taken, long servedAt, long now)
    {
        Decided.Clear();
        InFlight -= cost;
        if (served is { } waited)
        {
            _lanes[(int)waited.Priority].Correct(waited.Partition, charged, taken, servedAt);
        }

        HandOver(now);
    }

    /// <summary>What runs takes more units, whatever the limit says, or fewer.</summary>
    public void Correct(int more, long now)
    {
        Decided.Clear();
        InFlight += more;
        if (more < 0)
        {
            HandOver(now);
        }
    }

    public void Cancel(int id, long now)
    {
        Decided.Clear();
        if (All.FirstOrDefault(w => w.Id == id) is { } waiter)
        {
            Refuse(waiter, RejectionReason.ClientAborted, now);
            HandOver(now);
        }
    }

    public void Expire(long now)
    {
        Decided.Clear();
        foreach (LaneModel.Entry waiter in All.Where(w => w.Expires <= now).ToArray())
        {
            Refuse(waiter, ReasonOfExpiry(waiter), now);
        }

        HandOver(now);
    }

    public void SetLimit(int limit, int nominal, long now)
    {
        Decided.Clear();
        Limit = limit;
        Nominal = nominal;
        Array.ForEach(_lanes, lane => lane.Units = nominal);
        HandOver(now);
    }

    public void Release(Predicate<Arrival> which, long now)
    {
        Decided.Clear();
        foreach (LaneModel.Entry waiter in All.Where(w => which(w.Arrival)).ToArray())
        {
            Remove(waiter, now);
            Decided.Add((waiter.Id, WaiterState.Released, RejectionReason.None));
        }

        HandOver(now);
    }

    public void Close(long now)
    {
        Decided.Clear();
        Closed = true;
        foreach (LaneModel.Entry waiter in All.Where(w => w.Arrival.Overflow == Overflow.Shed).ToArray())
        {
            Refuse(waiter, RejectionReason.ShuttingDown, now);
        }

        HandOver(now);
    }

    private static RejectionReason ReasonOfExpiry(LaneModel.Entry waiter) =>
        waiter.Expires == waiter.Arrival.Deadline ? RejectionReason.DeadlineExceeded : RejectionReason.MaxWaitElapsed;

    private bool Fits(int cost) => cost <= Limit ? InFlight + cost <= Limit : InFlight == 0;

    private RejectionReason ReasonToRefuse(Arrival a, long now, double drain, out LaneModel.Entry? victim)
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
            bool full = All.Count(w => w.Arrival.Overflow == Overflow.Block) >= Settings.BlockCapacity;
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
            if (_lanes[lower].IsVisited(now))
            {
                kept += Math.Max(0, share - _lanes[lower].Sheddable.Count());
            }
        }

        if (All.Count(w => w.Arrival.Overflow == Overflow.Shed) + kept < capacity)
        {
            return RejectionReason.None;
        }

        for (int lower = 3; lower > (int)a.Priority; lower--)
        {
            if (_lanes[lower].Sheddable.Count() > share)
            {
                victim = _lanes[lower].Victim(null, NewestFirst(lower, now));
                return RejectionReason.None;
            }
        }

        // Whom others wait for already takes the place of any of its own priority who is not waited for.
        LaneModel own = _lanes[(int)a.Priority];
        bool outranks = a.Nested && own.Sheddable.Any(w => !w.Arrival.Nested);
        victim = own.Victim(outranks ? null : a, NewestFirst((int)a.Priority, now));
        return victim is null ? RejectionReason.QueueFull : RejectionReason.None;
    }

    private RejectionReason Infeasible(Arrival a, long now, double drain)
    {
        // The next to go finds out by waiting.
        if (!All.Any(w => w.Arrival.Priority <= a.Priority))
        {
            return a.Deadline != Arrival.Never && now + a.UsualService > a.Deadline ? RejectionReason.DeadlineExceeded : RejectionReason.None;
        }

        double own = _lanes[(int)a.Priority].Ahead(a.Partition, NewestFirst((int)a.Priority, now), a.Nested);
        int above = All.Count(w => w.Arrival.Priority < a.Priority);
        double seconds = (above + (own + 1)) / drain;
        if (Settings.MinShare > 0 && a.Priority != Priority.Critical)
        {
            LaneModel lane = _lanes[(int)a.Priority];
            seconds = Math.Min(seconds, Math.Max(1, ((own + 1) - (lane.Credit / lane.WorkOf(a))) / Settings.MinShare) / drain);
        }

        double wait = seconds * _ticksPerSecond;
        return wait > a.MaxWait ? RejectionReason.WaitTooLong
            : a.Deadline != Arrival.Never && now + wait + a.UsualService > a.Deadline ? RejectionReason.DeadlineExceeded
            : RejectionReason.None;
    }

    private bool NewestFirst(int lane, long now) =>
        Settings.ProcessingOrder == ProcessingOrder.NewestFirstUnderOverload && _lanes[lane].Stands(now);

    private LaneModel LaneOf(LaneModel.Entry waiter) => _lanes[(int)waiter.Arrival.Priority];

    private void HandOver(long now)
    {
        while (Next(now) is { } waiter)
        {
            Arrival a = waiter.Arrival;
            if (waiter.Expires <= now)
            {
                Refuse(waiter, ReasonOfExpiry(waiter), now);
            }
            else if (a.Deadline != Arrival.Never && now + a.UsualService > a.Deadline)
            {
                Refuse(waiter, RejectionReason.DeadlineExceeded, now);
            }
            else if (Fits(a.Cost))
            {
                InFlight += a.Cost;
                Serve(waiter, now);
                Decided.Add((waiter.Id, WaiterState.Admitted, RejectionReason.None));
            }
            else if (InFlight >= Limit || !PassOver(waiter, now))
            {
                return;
            }
        }
    }

    // Too heavy for what is free: its own lane waits for it, and all where it is of the highest; others only a fifth of a second.
    private bool PassOver(LaneModel.Entry waiter, long now)
    {
        int lane = (int)waiter.Arrival.Priority;
        if (lane == Backlogged().First())
        {
            return false;
        }

        if (_heldFor != lane)
        {
            (_heldFor, _heldSince) = (lane, now);
        }

        if (now - _heldSince < 0.2 * _ticksPerSecond)
        {
            return false;
        }

        _heldFor = null;
        _lanes[lane].Credit = 0;
        return true;
    }

    private LaneModel.Entry? Next(long now)
    {
        int[] lanes = [.. Backlogged()];
        if (lanes.Length == 0)
        {
            return null;
        }

        int turn = lanes.Skip(1).FirstOrDefault(lane => _lanes[lane].Credit > 0 && _lanes[lane].Credit >= (1 - 1e-9) * Head(lane).Work, lanes[0]);
        return Head(turn);

        LaneModel.Entry Head(int lane) => _lanes[lane].Next(NewestFirst(lane, now))!;
    }

    private void Serve(LaneModel.Entry waiter, long now)
    {
        // Of what it takes each lower lane saves its share; an empty one too, if somebody came to it lately, up to one turn.
        int highest = Backlogged().First();
        foreach (LaneModel lower in _lanes.Skip(highest + 1))
        {
            double credit = lower.Credit + (Settings.MinShare * waiter.Work);
            lower.Credit = lower.Waiting.Count > 0 ? credit : lower.IsVisited(now) ? Math.Min(credit, lower.LastWork) : lower.Credit;
        }

        if ((int)waiter.Arrival.Priority != highest)
        {
            LaneOf(waiter).Credit -= waiter.Work;
        }

        _heldFor = _heldFor == (int)waiter.Arrival.Priority ? null : _heldFor;
        LaneOf(waiter).Charge(waiter);
        Remove(waiter, now);
    }

    private void Remove(LaneModel.Entry waiter, long now)
    {
        LaneOf(waiter).Remove(waiter, now);
        if (LaneOf(waiter).Waiting.Count == 0 && _heldFor == (int)waiter.Arrival.Priority)
        {
            _heldFor = null;
        }
    }

    private IEnumerable<int> Backlogged() => Enumerable.Range(0, 4).Where(lane => _lanes[lane].Waiting.Count > 0);

    private void Refuse(LaneModel.Entry waiter, RejectionReason reason, long now)
    {
        Remove(waiter, now);
        Decided.Add((waiter.Id, WaiterState.Refused, reason));
    }
}
