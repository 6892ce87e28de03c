using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Simulation.Running;
using Microsoft.Extensions.Logging.Abstractions;

namespace Backpressure.Simulation.Tests.Chains;

/// <summary>
/// Services in a row, in virtual time: a service's gate, its client's gate for the next service, and so on to the last,
/// which has a few slots. Each gate is the engine's own. What a gate refuses, the callers before it hear of as dropped.
/// </summary>
internal sealed class ChainOfGates : IDisposable
{
    private const int Slots = 12;
    private const double MeanService = 0.05;
    private const double OfferedPerSecond = 120;
    private const double Patience = 3;

    private static readonly (Priority Priority, double Share)[] _mix = [(Priority.Critical, 0.2), (Priority.Normal, 0.5), (Priority.Low, 0.3)];

    private readonly VirtualTime _time = new();
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly Queue<Call> _waitingForSlot = new();
    private readonly Random _random;
    private readonly Hop[] _hops;
    private Dictionary<Priority, Tally> _tallies = [];
    private Call? _arriving;
    private long _order;
    private double _now;
    private int _busy;

    /// <param name="longest">What a call may take from each gate on, in seconds; infinite where nobody looks.</param>
    /// <param name="algorithm">Of every gate.</param>
    /// <param name="seed">Of what is drawn.</param>
    public ChainOfGates(IReadOnlyList<double> longest, LimitAlgorithm algorithm, int seed)
    {
        _random = new Random(seed);
        _hops = [.. longest.Select((seconds, index) => new Hop(this, index, seconds, algorithm))];
        Plan(0, Arrive);
    }

    /// <summary>How many times as long everything takes.</summary>
    public double SlowedTimes { get; set; } = 1;

    public void Dispose()
    {
        foreach (Hop hop in _hops)
        {
            hop.Downstream.Dispose();
        }
    }

    /// <summary>Counts those who come from now.</summary>
    public IReadOnlyDictionary<Priority, Tally> Count() => _tallies = _mix.ToDictionary(m => m.Priority, _ => new Tally());

    public void RunUntil(double end)
    {
        while (true)
        {
            double next = _events.TryPeek(out _, out (double At, long) due) ? due.At : double.PositiveInfinity;
            bool timer = _time.NextDue < next;
            next = Math.Min(next, _time.NextDue);
            if (next >= end)
            {
                break;
            }

            _now = Math.Max(_now, next);
            _time.AdvanceTo(_now);
            if (timer)
            {
                _time.Fire();
            }
            else
            {
                _events.Dequeue()();
            }
        }

        _now = end;
    }

    private void Plan(double at, Action what) => _events.Enqueue(what, (at, _order++));

    private void Arrive()
    {
        Plan(_now - (Math.Log(1 - _random.NextDouble()) / OfferedPerSecond), Arrive);
        double draw = _random.NextDouble();
        Priority priority = _mix[^1].Priority;
        foreach ((Priority one, double share) in _mix)
        {
            if ((draw -= share) < 0)
            {
                priority = one;
                break;
            }
        }

        Tally? tally = _tallies.GetValueOrDefault(priority);
        double came = _now;
        if (tally is not null)
        {
            tally.Offered++;
        }

        Enter(0, priority, null, outcome =>
        {
            if (tally is not null && outcome == Outcome.Success && _now - came <= Patience)
            {
                tally.Served++;
            }
        });
    }

    private void Enter(int index, Priority priority, Call? caller, Action<Outcome>? ended)
    {
        Hop hop = _hops[index];
        Call call = new(this, hop, priority, caller, ended);
        if (caller is not null)
        {
            caller.Inner = call;
        }

        if (double.IsFinite(hop.Longest))
        {
            Plan(_now + hop.Longest, () => GiveUp(call));
        }

        long now = _time.Now;
        if (hop.Downstream.Gate.TryEnter(1))
        {
            Start(call);
            return;
        }

        var arrival = new Arrival
        {
            Priority = priority,
            Overflow = Overflow.Shed,
            Cost = 1,
            MaxWait = VirtualTime.TicksOf(0.5),
            Deadline = now + VirtualTime.TicksOf(Patience),
            UsualService = hop.Downstream.Meter.UsualLatencyTicks(hop.Route),
            Policy = "Chain",
        };
        _arriving = call;
        switch (hop.Downstream.Arrive(arrival, now, out _, out Refusal _))
        {
            case ArrivalResult.Admitted:
                Start(call);
                break;
            case ArrivalResult.Refused:
                Refused(call);
                break;
            default:
                // It waits, or was even decided at once: the engine tells.
                break;
        }
    }

    private void Decided(Call call)
    {
        if (call.State == WaiterState.Admitted)
        {
            Plan(_now, () => Start(call));
        }
        else
        {
            Plan(_now, () => Refused(call));
        }
    }

    private void Refused(Call call)
    {
        call.Hop.Downstream.NoteRefusal(_time.Now);
        Leave(call, Outcome.Dropped);
    }

    private void Start(Call call)
    {
        call.StartedAt = _time.Now;
        call.Runs = true;
        if (call.IsOver)
        {
            // Given up in the moment between.
            Complete(call, Outcome.Ignored);
        }
        else if (call.Hop.Index + 1 < _hops.Length)
        {
            Enter(call.Hop.Index + 1, call.Priority, call, null);
        }
        else if (_busy < Slots)
        {
            Work(call);
        }
        else
        {
            _waitingForSlot.Enqueue(call);
        }
    }

    // What was asked for is done, whether or not the one who asked is still there.
    private void Work(Call call)
    {
        _busy++;
        Plan(_now + (MeanService * SlowedTimes * (0.5 + _random.NextDouble())), () =>
        {
            _busy--;
            if (_waitingForSlot.TryDequeue(out Call? next))
            {
                Work(next);
            }

            Complete(call, call.IsOver ? Outcome.Ignored : Outcome.Success);
            Leave(call, Outcome.Success);
        });
    }

    private void GiveUp(Call call)
    {
        if (call.IsOver)
        {
            return;
        }

        Abandon(call.Inner);
        if (!call.Runs)
        {
            Cancel(call);
        }

        Leave(call, Outcome.Dropped);
    }

    // Nobody waits for it any longer. The last service goes on with what it has begun; the others' callers have gone.
    private void Abandon(Call? call)
    {
        if (call is null || call.IsOver)
        {
            return;
        }

        Abandon(call.Inner);
        if (!call.Runs)
        {
            Cancel(call);
        }
        else if (call.Hop.Index + 1 < _hops.Length)
        {
            Complete(call, Outcome.Ignored);
        }

        call.IsOver = true;
    }

    private void Cancel(Call call)
    {
        call.IsOver = true;
        call.Hop.Downstream.TryCancel(call, _time.Now);
        call.IsOver = false;
    }

    /// <summary>Its caller hears of it.</summary>
    private void Leave(Call call, Outcome outcome)
    {
        if (call.IsOver)
        {
            return;
        }

        call.IsOver = true;
        if (call.Runs && call.Hop.Index + 1 < _hops.Length)
        {
            Complete(call, outcome);
        }

        if (call.Caller is { } caller)
        {
            Leave(caller, outcome);
        }

        call.Ended?.Invoke(outcome);
    }

    private void Complete(Call call, Outcome outcome)
    {
        call.Hop.Downstream.Complete(1, call.Hop.Route, _time.Now - call.StartedAt, outcome, _time.Now);
    }

    internal sealed class Tally
    {
        public int Offered { get; set; }

        public int Served { get; set; }

        public double Share => (double)Served / Offered;
    }

    /// <summary>A gate on the way.</summary>
    private sealed class Hop
    {
        public Hop(ChainOfGates chain, int index, double longest, LimitAlgorithm algorithm)
        {
            Index = index;
            Longest = longest;
            var settings = new DownstreamSettings
            {
                Name = $"Hop{index}",
                Limit = new LimitSettings { Algorithm = algorithm, Initial = 20, Min = 1, Max = 1000 },
                Queue = new QueueSettings { BlockCapacity = 1000, MinShare = new QueueOptions().MinShare, ProcessingOrder = ProcessingOrder.OldestFirst },
                MaxLongLived = 1,
            };
            Downstream = new Downstream(settings, shadow: false, chain._time, NullLogger.Instance, () => chain._arriving!);
            Route = Downstream.Meter.RouteIndex("Chain");
        }

        public int Index { get; }

        public double Longest { get; }

        public int Route { get; }

        public Downstream Downstream { get; }
    }

    private sealed class Call(ChainOfGates chain, Hop hop, Priority priority, Call? caller, Action<Outcome>? ended) : Waiter
    {
        public Hop Hop { get; } = hop;

        public new Priority Priority { get; } = priority;

        public Call? Caller { get; } = caller;

        public Action<Outcome>? Ended { get; } = ended;

        public Call? Inner { get; set; }

        public long StartedAt { get; set; }

        public bool Runs { get; set; }

        public bool IsOver { get; set; }

        public override void OnDecided()
        {
            if (!IsOver)
            {
                chain.Decided(this);
            }
        }
    }
}
