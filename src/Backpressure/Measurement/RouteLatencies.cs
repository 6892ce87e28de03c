namespace Backpressure.Measurement;

/// <summary>
/// By route: the baseline, the usual latency, and what the open window saw. Needs the controller's lock, but for
/// <see cref="Usual"/>. In seconds.
/// </summary>
internal sealed class RouteLatencies
{
    // Long enough that a window's noise hardly moves a baseline, short enough to follow a release of the application.
    private const int Memory = 400;

    // After a scaling the baselines are a guess: trust what comes.
    private const int MemoryAfterScaling = 100;

    private const double UsualWeight = 1.0 / 32;

    // Experiment: LOG 1: geometric means in a route; EFF: memory by effective samples.
    private static readonly bool _log = X.Get("LOG", 0) > 0;
    private static readonly bool _eff = X.Get("EFF", 0) > 0;
    private static readonly double _memory = X.Get("MEM", 400);
    private double _logVariance;

    private Route[] _routes = new Route[16];
    private double[] _usual = new double[16];
    private int[] _seen = new int[16];
    private int _seenCount;
    // Of the open window, for its noise: Σ latency², Σ latency · baseline, Σ baseline²; and Σ latency² of routes not known yet.
    private double _squares;
    private double _products;
    private double _baselineSquares;
    private double _unknownSquares;

    /// <summary>0 when not known. Lock-free.</summary>
    public double Usual(int route)
    {
        double[] usual = Volatile.Read(ref _usual);
        return (uint)route < (uint)usual.Length ? Volatile.Read(ref usual[route]) : 0;
    }

    public void Add(int index, double latency, int weight)
    {
        if (index >= _routes.Length)
        {
            Grow(index);
        }

        ref Route route = ref _routes[index];
        if (route.Count == 0)
        {
            _seen[_seenCount++] = index;
        }

        route.Count += weight;
        route.Sum += weight * latency;
        route.Squares += weight * latency * latency;
        double log = Math.Log(Math.Max(latency, 1e-9));
        route.LogSum += weight * log;
        route.LogSquares += weight * log * log;
        double weighted = weight * latency;
        if (route.Known > 0)
        {
            double baseline = weight * route.Baseline;
            _squares += weighted * weighted;
            _products += weighted * baseline;
            _baselineSquares += baseline * baseline;
        }
        else
        {
            _unknownSquares += weighted * weighted;
        }

        ref double usual = ref _usual[index];
        Volatile.Write(ref usual, usual > 0 ? usual + (UsualWeight * (latency - usual)) : latency);
    }

    /// <summary>
    /// The relative standard error of Σ latency ÷ Σ baseline, from how far latencies lie from their route's stretched
    /// baseline: what differs between routes is no noise. 1 when nothing was seen.
    /// </summary>
    public double Noise(double latencySum)
    {
        if (_log)
        {
            return LogNoise(latencySum);
        }

        double stretch = StretchOfKnown();
        double residual = _squares - (2 * stretch * _products) + (stretch * stretch * _baselineSquares) + _unknownSquares;
        return latencySum > 0 ? Math.Sqrt(Math.Max(0, residual)) / latencySum : 1;
    }

    private double LogNoise(double latencySum)
    {
        (double squares, double freedom, double parts) = (0, 0, 0);
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            squares += route.LogSquares - (route.LogSum * route.LogSum / route.Count);
            freedom += route.Count - 1;
            parts += route.Sum * route.Sum / route.Count;
        }

        // Windows say little of a variance: keep a few samples' worth of what was seen before.
        double variance = freedom + 4 > 0 ? (Math.Max(0, squares) + (4 * (_logVariance > 0 ? _logVariance : 0.3))) / (freedom + 4) : 1;
        return latencySum > 0 ? Math.Sqrt(variance * parts) / latencySum : 1;
    }

    private double LogStretch(in Route route) => Math.Exp((route.LogSum / route.Count) - route.LogBaseline);

    public double Work()
    {
        double stretch = StretchOfKnown();
        double work = 0;
        if (_log)
        {
            foreach (int index in _seen.AsSpan(0, _seenCount))
            {
                ref Route route = ref _routes[index];
                work += route.Sum / (route.Known > 0 ? LogStretch(route) : stretch);
            }

            return work;
        }

        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            work += route.Known > 0 ? route.Count * route.Baseline : route.Sum / stretch;
        }

        return work;
    }

    public void Learn(BaselineChange change)
    {
        if (_log)
        {
            (double squares, double freedom) = (0, 0);
            foreach (int index in _seen.AsSpan(0, _seenCount))
            {
                ref Route route = ref _routes[index];
                squares += route.LogSquares - (route.LogSum * route.LogSum / route.Count);
                freedom += route.Count - 1;
            }

            if (freedom >= 5)
            {
                _logVariance = _logVariance > 0 ? _logVariance + (0.1 * ((squares / freedom) - _logVariance)) : squares / freedom;
            }
        }

        double stretch = StretchOfKnown();
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            if (route.Known == 0)
            {
                route.Baseline = route.Sum / (route.Count * stretch);
                route.LogBaseline = (route.LogSum / route.Count) - Math.Log(stretch);
                route.Known = Math.Min(_memory, Weight(route));
            }
            else if (change.Move == BaselineMove.Follow)
            {
                // A plain mean at first, exponential once the memory is full.
                route.Known = Math.Min(_memory, route.Known + Weight(route));
                double weight = Math.Min(1, Weight(route) / route.Known);
                route.Baseline += weight * ((route.Sum / route.Count) - route.Baseline);
                route.LogBaseline += weight * ((route.LogSum / route.Count) - route.LogBaseline);
            }
        }

        if (change.Move == BaselineMove.Scale)
        {
            foreach (ref Route route in _routes.AsSpan())
            {
                route.Baseline *= change.Factor;
                route.LogBaseline += Math.Log(change.Factor);
                route.Known = Math.Min(route.Known, MemoryAfterScaling);
            }
        }
    }

    public void Discard()
    {
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            _routes[index].Count = 0;
            _routes[index].Sum = 0;
            _routes[index].Squares = _routes[index].LogSum = _routes[index].LogSquares = 0;
        }

        _seenCount = 0;
        _squares = _products = _baselineSquares = _unknownSquares = 0;
    }

    private static double Weight(in Route route) => _eff ? 1.28 * route.Sum * route.Sum / route.Squares : route.Count;

    private double StretchOfKnown()
    {
        double sum = 0;
        double work = 0;
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            if (route.Known > 0)
            {
                sum += route.Sum;
                work += _log ? route.Sum / LogStretch(route) : route.Count * route.Baseline;
            }
        }

        return work > 0 && sum > 0 ? sum / work : 1;
    }

    private void Grow(int index)
    {
        int length = Math.Max(index + 1, 2 * _routes.Length);
        Array.Resize(ref _routes, length);
        Array.Resize(ref _seen, length);
        double[] usual = new double[length];
        _usual.CopyTo(usual, 0);
        Volatile.Write(ref _usual, usual);
    }

    private record struct Route
    {
        public double Baseline;

        /// <summary>Samples behind the baseline, up to the memory; 0: it has none.</summary>
        public double Known;

        public int Count;
        public double Sum;
        public double Squares;
        public double LogSum;
        public double LogSquares;
        public double LogBaseline;
    }
}
