using Backpressure.Adaptation;
using Backpressure.Measurement;

namespace Backpressure.Tests.Adaptation;

/// <summary>One run of a <see cref="Plant"/>.</summary>
internal sealed class Run
{
    private readonly Plant _plant;
    private readonly ServiceMeter _meter;
    private readonly LimitController _controller;
    private readonly Random _random;
    private readonly int[] _routeIndices;

    // Sharing: keyed by the service each will have got when it ends. Pool: by the time at which it ends.
    private readonly PriorityQueue<Job, double> _running = new();
    private readonly Queue<Job> _inPool = new();
    private readonly Queue<Job> _waiting = new();
    private readonly Queue<Job> _waitingCritical = new();
    private readonly PlantSecond[] _seconds;
    private readonly Dictionary<LimitReason, int> _reasons = [];
    private readonly List<(double, LimitDecision)> _decisions = [];
    private double _now;
    private double _attained;
    private int _inFlight;
    private int _limit;
    private int _nominal;
    private uint _sequence;
    private long _full;
    private long _refused;

    public Run(Plant plant, ServiceMeter meter, LimitController controller, Random random)
    {
        _plant = plant;
        _meter = meter;
        _controller = controller;
        _random = random;
        _routeIndices = [.. plant.Routes.Select((_, i) => meter.RouteIndex($"route{i}"))];
        _seconds = new PlantSecond[(int)plant.Seconds];
        (_limit, _nominal) = (controller.Current.Limit, controller.Current.Nominal);
    }

    private double Servers => _plant.ServersAt?.Invoke(_now) ?? _plant.Servers;

    public PlantResult ToEnd()
    {
        double nextArrival = Exponential(ArrivalRate());
        double nextSecond = 1;
        while (_now < _plant.Seconds)
        {
            double departure = NextDeparture();
            double next = Math.Min(Math.Min(departure, nextArrival), nextSecond);
            Advance(next);
            if (next == nextSecond)
            {
                nextSecond++;
                ref PlantSecond second = ref Second();
                (second.Limit, second.InFlight) = (_nominal, _inFlight);
            }
            else if (next == departure)
            {
                Depart();
            }
            else
            {
                Arrive();
                double rate = ArrivalRate();
                nextArrival = rate > 0 ? _now + Exponential(rate) : _now + 0.01;
            }
        }

        return new PlantResult(_seconds, _plant.Servers) { Reasons = _reasons, Decisions = _decisions };
    }

    private void Arrive()
    {
        Second().Offered++;
        bool critical = _random.NextDouble() < _plant.Critical;
        (int route, double work) = Draw();
        Job job = new(_now, route, work, critical) { AdmittedAt = _now };
        if (_inFlight < _limit && _waiting.Count + _waitingCritical.Count == 0)
        {
            Start(job);
            return;
        }

        _full++;
        if (critical && _waitingCritical.Count < 1000)
        {
            _waitingCritical.Enqueue(job);
        }
        else if (!critical && _plant.CanQueue && _waiting.Count < Math.Max(16, 2 * _nominal))
        {
            _waiting.Enqueue(job);
        }
        else
        {
            Refuse(job);
            if (_controller.IsDue(1, Ticks(_now)))
            {
                Adapt();
            }
        }
    }

    private void Refuse(Job job)
    {
        _refused++;
        Second().Refused++;
        Second().CriticalLate += job.Critical ? 1 : 0;
    }

    private void Depart()
    {
        Job job = _running.Dequeue();
        if (_plant.Pooled && _inPool.TryDequeue(out Job? next))
        {
            _running.Enqueue(next, _now + next.Work);
        }

        bool inTime = _now - job.ArrivedAt <= (job.Critical ? 5 : _plant.Deadline);
        Second().WorkInTime += inTime ? job.Work : 0;
        Second().CriticalLate += inTime || !job.Critical ? 0 : 1;
        uint sequence = _sequence++;
        _meter.Record(sequence, _routeIndices[job.Route], Ticks(_now) - Ticks(job.AdmittedAt), _inFlight);
        _inFlight--;
        HandOver();
        if (_controller.IsDue(sequence, Ticks(_now)))
        {
            Adapt();
        }
    }

    private void HandOver()
    {
        while (_inFlight < _limit && (_waitingCritical.TryDequeue(out Job? job) || _waiting.TryDequeue(out job)))
        {
            if (_now - job.ArrivedAt > (job.Critical ? 5 : _plant.MaxWait))
            {
                Refuse(job);
                continue;
            }

            job.AdmittedAt = _now;
            Start(job);
        }
    }

    private void Start(Job job)
    {
        _inFlight++;
        if (!_plant.Pooled)
        {
            _running.Enqueue(job, _attained + job.Work);
        }
        else if (_running.Count < (int)Servers)
        {
            _running.Enqueue(job, _now + job.Work);
        }
        else
        {
            _inPool.Enqueue(job);
        }
    }

    private void Adapt()
    {
        GateReading reading = new()
        {
            Limit = _limit,
            InFlight = _inFlight,
            Waiting = _waiting.Count + _waitingCritical.Count,
            FullArrivals = _full,
            Refused = _refused,
            AdmittedLate = 0,
            CanQueue = _plant.CanQueue,
            Shadow = false,
        };
        if (_controller.TryStep(reading, Ticks(_now), out LimitDecision decision))
        {
            (_limit, _nominal) = (decision.Limit, decision.Nominal);
            _reasons[decision.Reason] = _reasons.GetValueOrDefault(decision.Reason) + 1;
            _decisions.Add((_now, decision));
            HandOver();
        }
    }

    private double NextDeparture()
    {
        if (!_running.TryPeek(out _, out double key))
        {
            return double.PositiveInfinity;
        }

        return _plant.Pooled ? Math.Max(key, _now) : _now + Math.Max(0, (key - _attained) / Speed());
    }

    private void Advance(double to)
    {
        if (!_plant.Pooled && _running.Count > 0)
        {
            _attained += (to - _now) * Speed();
        }

        _now = to;
    }

    private double Speed()
    {
        double servers = Servers;
        double excess = (_inFlight - servers) / servers;
        return excess <= 0 ? 1 : servers / _inFlight / (1 + (_plant.Contention * excess));
    }

    private double ArrivalRate() => _plant.Load(_now) * _plant.Servers / MeanWork(_now);

    private double MeanWork(double time)
    {
        double second = _plant.SecondRouteShareAt?.Invoke(time) ?? -1;
        return second >= 0
            ? (_plant.Routes[0].Mean * (1 - second)) + (_plant.Routes[1].Mean * second)
            : _plant.Routes.Sum(r => r.Mean * r.Share) / _plant.Routes.Sum(r => r.Share);
    }

    private (int Route, double Work) Draw()
    {
        double at = _random.NextDouble();
        int route = 0;
        if (_plant.SecondRouteShareAt is { } share)
        {
            route = at < share(_now) ? 1 : 0;
        }
        else
        {
            at *= _plant.Routes.Sum(r => r.Share);
            while (route < _plant.Routes.Count - 1 && at >= _plant.Routes[route].Share)
            {
                at -= _plant.Routes[route++].Share;
            }
        }

        double normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        double spread = Math.Exp((_plant.Sigma * normal) - (_plant.Sigma * _plant.Sigma / 2));
        return (route, _plant.Routes[route].Mean * spread * (_plant.LatencyFactorAt?.Invoke(_now) ?? 1));
    }

    private ref PlantSecond Second() => ref _seconds[Math.Min((int)_now, _seconds.Length - 1)];

    private double Exponential(double rate) => -Math.Log(1 - _random.NextDouble()) / rate;

    private static long Ticks(double seconds) => (long)(seconds * Plant.TicksPerSecond);

    private sealed record Job(double ArrivedAt, int Route, double Work, bool Critical)
    {
        public double AdmittedAt { get; set; }
    }
}
