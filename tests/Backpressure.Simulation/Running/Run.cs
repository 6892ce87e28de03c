using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Simulation.Arrivals;
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
    private readonly Stack<Request> _idle = new();
    private readonly int[] _routes;
    private readonly long _maxWait;
    private readonly long _deadline;
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
        _deadline = VirtualTime.TicksOf(timeline.Deadline);
        _plant = new SharedProcessor(timeline.Servers, timeline.Plant.Contention);
        _settings = new DownstreamSettings
        {
            Name = Name,
            Limit = LimitOf(law, law.Oracle ? timeline.Changes[0].BestLimit : initial, timeline),
            Queue = new QueueSettings { BlockCapacity = 1000, MinShare = 0.05, ProcessingOrder = ProcessingOrder.OldestFirst },
            MaxLongLived = 1,
        };
        _downstream = new Downstream(
            _settings, shadow: false, _time, NullLogger.Instance, () => _arriving!, law.Create?.Invoke(_settings.Limit));
        _gate = _downstream.Gate;
        _routes = [.. timeline.Scenario.Kinds.Select(k => _downstream.Meter.RouteIndex(k.Name))];
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
        if (request.State == WaiterState.Admitted)
        {
            Start(request, request.DecidedAt);
        }
        else if (_now < _timeline.End)
        {
            Refuse(request);
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
            double next = Math.Min(
                Math.Min(arrivalAt, _plant.NextEnd),
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
                Arrive(arrivals[nextArrival++]);
            }
            else if (next == _plant.NextEnd)
            {
                Complete(_plant.TakeEnded());
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

    private void Arrive(in Incoming incoming)
    {
        Request request = _idle.TryPop(out Request? idle) ? idle : new Request(this);
        request.ArrivedAt = _now;
        request.Work = incoming.Work;
        request.Kind = incoming.Kind;
        request.Phase = _phase;
        _record.TallyOf(_phase, incoming.Kind).Offered++;
        Enter(request);
    }

    // As the shedder does it.
    private void Enter(Request request)
    {
        long now = _time.Now;
        if (_gate.TryEnter(1))
        {
            Start(request, now);
            return;
        }

        var arrival = new Arrival
        {
            Priority = _timeline.Scenario.Kinds[request.Kind].Priority,
            Overflow = Overflow.Shed,
            Cost = 1,
            MaxWait = _maxWait,
            Deadline = now + _deadline,
            UsualService = _downstream.Meter.UsualLatencyTicks(_routes[request.Kind]),
            Policy = Name,
        };
        _arriving = request;
        switch (_downstream.Arrive(arrival, now, out _, out _))
        {
            case ArrivalResult.Admitted:
                Start(request, now);
                break;
            case ArrivalResult.Refused:
                Refuse(request);
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

    private void Complete(Request request)
    {
        long now = _time.Now;
        double latency = _now - request.ArrivedAt;
        bool inTime = latency <= _timeline.Deadline;
        Tally tally = _record.TallyOf(request.Phase, request.Kind);
        tally.Latencies.Add(latency);
        if (inTime)
        {
            tally.InTime++;
            _record.InTime[_timeline.BinAt(_now)] += request.Work;
        }
        else
        {
            tally.Late++;
        }

        Outcome outcome = inTime || !_law.LateIsDropped ? Outcome.Success : Outcome.Dropped;
        int kind = request.Kind;
        long service = now - request.StartedAt;
        _idle.Push(request);
        _downstream.Complete(1, _routes[kind], service, outcome, now);
    }

    private void Refuse(Request request)
    {
        _record.TallyOf(request.Phase, request.Kind).Refused++;
        _record.Refused[_timeline.BinAt(_now)]++;
        _record.LastRefusedAt = _now;
        _downstream.NoteRefusal(_time.Now);
        _idle.Push(request);
    }

    private void Sample(int bin)
    {
        _record.Limit[bin] = _gate.Limit;
        _record.Nominal[bin] = _gate.Nominal;
        _record.InFlight[bin] = _gate.InFlight;
        _record.Waiting[bin] = _gate.Waiting;
    }
}
