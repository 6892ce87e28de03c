using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Clients;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Backpressure.Simulation.Running;

/// <summary>
/// One run: a trace of arrivals comes to the engine's own <see cref="Downstream"/> (gate, queue, meter, controller,
/// timer), which lets them into the simulated plant. Only the clock, the clients and the plant are the laboratory's.
/// </summary>
internal sealed class Run : IDisposable
{
    private const string Name = "Laboratory";

    private readonly Timeline _timeline;
    private readonly Trace _trace;
    private readonly LawUnderTest _law;
    private readonly VirtualTime _time = new();
    private readonly SharedProcessor _plant;
    private readonly Downstream _downstream;
    private readonly Gate _gate;
    private readonly RunRecord _record;
    private readonly Crowd? _crowd;
    private readonly Stack<Request> _idle = new();
    private readonly PriorityQueue<Request, double> _lingering = new();
    private readonly int[] _routes;
    private readonly int[] _waiting;
    private readonly ulong[] _partitions;
    private readonly long _maxWait;
    private DownstreamSettings _settings;
    private Request? _arriving;
    private double _now;
    private int _phase;

    private Run(Timeline timeline, Trace trace, LawUnderTest law, int initial)
    {
        _timeline = timeline;
        _trace = trace;
        _law = law;
        _record = new RunRecord(timeline, trace);
        _maxWait = VirtualTime.TicksOf(timeline.MaxWait);
        _crowd = timeline.Scenario.Clients is { } clients ? new Crowd(clients, timeline.Plant.MeanService / 0.05, trace.Seed) : null;
        _plant = new SharedProcessor(timeline.Servers, timeline.Plant.Contention);
        _settings = new DownstreamSettings
        {
            Name = Name,
            Limit = LimitOf(law, law.Oracle ? timeline.Changes[0].BestLimit : initial, timeline),
            Queue = new QueueSettings { BlockCapacity = 1000, MinShare = new QueueOptions().MinShare, ProcessingOrder = ProcessingOrder.OldestFirst },
            MaxLongLived = 1,
        };
        _downstream = new Downstream(
            _settings, shadow: false, _time, NullLogger.Instance, () => _arriving!, law.Create?.Invoke(_settings.Limit));
        _gate = _downstream.Gate;
        _routes = [.. timeline.Scenario.Kinds.Select(k => _downstream.Meter.RouteIndex(k.Route))];
        _waiting = new int[_routes.Length];
        _partitions = [.. timeline.Scenario.Kinds.Select(k => timeline.Scenario.HasTenants ? PartitionHash.Of(k.Name) : 0)];
    }

    public static RunRecord Of(Timeline timeline, Trace trace, LawUnderTest law, int initial)
    {
        using Run run = new(timeline, trace, law, initial);
        run.ToEnd();
        return run._record;
    }

    public void Dispose() => _downstream.Dispose();

    /// <summary>The engine has decided over one who waited.</summary>
    internal void Decided(Request request)
    {
        _waiting[request.Kind]--;
        if (request.State == WaiterState.Admitted)
        {
            request.HasWaited = true;
            Start(request, request.DecidedAt);
        }
        else if (_now < _timeline.End && request.Refusal.Reason != RejectionReason.ClientAborted)
        {
            Refuse(request, request.Refusal);
        }
    }

    private static LimitSettings LimitOf(LawUnderTest law, int initial, Timeline timeline) => law.Algorithm == LimitAlgorithm.Fixed
        ? new LimitSettings { Algorithm = LimitAlgorithm.Fixed, Initial = initial, Min = initial, Max = initial }
        : new LimitSettings
        {
            Algorithm = law.Algorithm,
            Initial = initial,
            Min = 1,
            Max = (int)Math.Max(1000, 4 * timeline.Servers),
        };

    private void ToEnd()
    {
        ReadOnlySpan<Incoming> arrivals = _trace.All;
        ReadOnlySpan<Change> changes = _timeline.Changes;
        double end = _timeline.End;
        int nextArrival = 0;
        int nextChange = 0;
        int nextBin = 0;
        long events = 0;
        while (true)
        {
            double arrivalAt = nextArrival < arrivals.Length ? arrivals[nextArrival].At : double.PositiveInfinity;
            double changeAt = nextChange < changes.Length ? changes[nextChange].At : double.PositiveInfinity;
            double binAt = (nextBin + 1) * _timeline.BinSeconds;
            double clientAt = _crowd?.NextDue ?? double.PositiveInfinity;
            double leaveAt = _lingering.TryPeek(out _, out double leaves) ? leaves : double.PositiveInfinity;
            double next = Math.Min(
                Math.Min(Math.Min(arrivalAt, clientAt), Math.Min(_plant.NextEnd, leaveAt)),
                Math.Min(Math.Min(changeAt, binAt), _time.NextDue));
            if (next >= end)
            {
                break;
            }

            events++;
            _now = next;
            _time.AdvanceTo(next);
            _plant.AdvanceTo(next);
            if (next == changeAt)
            {
                Become(changes[nextChange++]);
            }
            else if (next == arrivalAt)
            {
                Arrive(arrivals[nextArrival], nextArrival);
                nextArrival++;
            }
            else if (next == _plant.NextEnd)
            {
                Serve(_plant.TakeEnded());
            }
            else if (next == leaveAt)
            {
                Request request = _lingering.Dequeue();
                Complete(request, request.ServedIn, request.Outcome);
            }
            else if (next == clientAt)
            {
                if (_crowd!.Take() is { } due)
                {
                    GiveUpOrComeBack(due);
                }
            }
            else if (next == binAt)
            {
                Sample(nextBin++);
            }
            else
            {
                _time.Fire();
            }
        }

        _now = end;
        while (nextBin < _timeline.Bins)
        {
            Sample(nextBin++);
        }

        _record.Events = events;
    }

    private void Become(in Change change)
    {
        _phase = change.Phase;
        _plant.SetServers(change.Servers);
        if (_law.Oracle && change.BestLimit != _settings.Limit.Initial)
        {
            _settings = _settings with { Limit = LimitOf(_law, change.BestLimit, _timeline) };
            _downstream.Reconfigure(_settings);
        }
    }

    private void Arrive(in Incoming incoming, int client)
    {
        Request request = Rent(incoming.Work, incoming.Kind, _phase, client);
        Tally tally = _record.TallyOf(_phase, incoming.Kind);
        tally.Offered++;
        if (_crowd is null || _crowd.Sends(request, _now))
        {
            Enter(request);
        }
        else
        {
            tally.Refused++;
            _idle.Push(request);
        }
    }

    private Request Rent(double work, int kind, int phase, int client)
    {
        Request request = _idle.TryPop(out Request? idle) ? idle : new Request(this);
        request.Work = work;
        request.Kind = kind;
        request.Servers = _timeline.Scenario.Kinds[kind].Servers;
        request.Phase = phase;
        request.Client = client;
        request.Attempt = 0;
        request.Abandoned = false;
        return request;
    }

    private void GiveUpOrComeBack(Request request)
    {
        if (request.Pausing)
        {
            _record.Returns[_timeline.BinAt(_now)]++;
            Enter(request);
            return;
        }

        Request next = request;
        if (request.State != WaiterState.Queued || !_downstream.TryCancel(request, _time.Now))
        {
            // What runs goes on to its end, for nobody.
            request.Abandoned = true;
            request.Ticket++;
            next = Rent(request.Work, request.Kind, request.Phase, request.Client);
            next.Attempt = request.Attempt;
        }

        if (!_crowd!.ComesBack(next, _now, 0))
        {
            _record.TallyOf(next.Phase, next.Kind).Late++;
            _idle.Push(next);
        }
    }

    // As the shedder does it.
    private void Enter(Request request)
    {
        long now = _time.Now;
        request.ArrivedAt = _now;
        request.HasWaited = false;
        _record.TallyOf(request.Phase, request.Kind).Attempts++;
        _crowd?.Sent(request, _now);
        RequestKind kind = _timeline.Scenario.Kinds[request.Kind];
        if (_gate.TryEnter(kind.Cost))
        {
            Start(request, now);
            return;
        }

        var arrival = new Arrival
        {
            Priority = kind.Priority,
            Overflow = Overflow.Shed,
            Cost = kind.Cost,
            MaxWait = _maxWait,
            Deadline = now + VirtualTime.TicksOf(_timeline.DeadlineOf(request.Kind)),
            UsualService = _downstream.Meter.UsualLatencyTicks(_routes[request.Kind]),
            Policy = Name,
            Partition = _partitions[request.Kind],
        };
        _arriving = request;

        // It may be decided before the call returns.
        _waiting[request.Kind]++;
        switch (_downstream.Arrive(arrival, now, out _, out Refusal refusal))
        {
            case ArrivalResult.Admitted:
                _waiting[request.Kind]--;
                Start(request, now);
                break;
            case ArrivalResult.Refused:
                _waiting[request.Kind]--;
                Refuse(request, refusal);
                break;
            default:
                // It waits, or was even decided at once: the engine tells.
                break;
        }
    }

    private void Start(Request request, long now)
    {
        request.StartedAt = now;
        _plant.Add(request, request.Work);
    }

    private void Serve(Request request)
    {
        long service = _time.Now - request.StartedAt;
        Outcome outcome = request.Abandoned ? Outcome.Ignored : OutcomeOf(request);
        double lingers = _timeline.Scenario.Kinds[request.Kind].Lingers * _timeline.Plant.MeanService;
        if (lingers > 0)
        {
            request.ServedIn = service;
            request.Outcome = outcome;
            _lingering.Enqueue(request, _now + lingers);
        }
        else
        {
            Complete(request, service, outcome);
        }
    }

    private void Complete(Request request, long service, Outcome outcome)
    {
        long now = _time.Now;
        int route = _routes[request.Kind];
        long held = now - request.StartedAt;
        RequestKind kind = _timeline.Scenario.Kinds[request.Kind];
        ServiceCharge charge = request.HasWaited ? ServiceCharge.Of(request, held, kind.Cost) : ServiceCharge.None;
        _idle.Push(request);
        _downstream.Complete(kind.Cost, route, kind.IsSample ? service : -1, outcome, now, charge: charge, held: held);
    }

    private Outcome OutcomeOf(Request request)
    {
        double latency = _now - request.ArrivedAt;
        bool inTime = latency <= _timeline.DeadlineOf(request.Kind);
        Tally tally = _record.TallyOf(request.Phase, request.Kind);
        tally.Latencies.Add(latency);
        _crowd?.Answered(request, _now);
        if (inTime)
        {
            tally.InTime++;
            _record.InTime[_timeline.BinAt(_now)] += request.Work * request.Servers;
        }
        else
        {
            tally.Late++;
        }

        return inTime || !_law.LateIsDropped ? Outcome.Success : Outcome.Dropped;
    }

    private void Refuse(Request request, in Refusal refusal)
    {
        _record.Refused[_timeline.BinAt(_now)]++;
        _record.LastRefusedAt = _now;
        _downstream.NoteRefusal(_time.Now);
        if (_crowd is null || !_crowd.ComesBack(request, _now, refusal.RetryAfterSeconds))
        {
            _record.TallyOf(request.Phase, request.Kind).Refused++;
            _idle.Push(request);
        }
    }

    private void Sample(int bin)
    {
        _record.Limit[bin] = _gate.Limit;
        _record.Nominal[bin] = _gate.Nominal;
        _record.InFlight[bin] = _gate.InFlight;
        for (int kind = 0; kind < _waiting.Length; kind++)
        {
            _record.Waiting[kind][bin] = _waiting[kind];
        }
    }
}
