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
        double stretch = StretchOfKnown();
        double residual = _squares - (2 * stretch * _products) + (stretch * stretch * _baselineSquares) + _unknownSquares;
        return latencySum > 0 ? Math.Sqrt(Math.Max(0, residual)) / latencySum : 1;
    }

    public double Work()
    {
        double stretch = StretchOfKnown();
        double work = 0;
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            work += route.Known > 0 ? route.Count * route.Baseline : route.Sum / stretch;
        }

        return work;
    }

    public void Learn(BaselineChange change)
    {
        double stretch = StretchOfKnown();
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            if (route.Known == 0)
            {
                route.Baseline = route.Sum / (route.Count * stretch);
                route.Known = Math.Min(Memory, route.Count);
            }
            else if (change.Move == BaselineMove.Follow)
            {
                // A plain mean at first, exponential once the memory is full.
                route.Known = Math.Min(Memory, route.Known + route.Count);
                double weight = Math.Min(1, (double)route.Count / route.Known);
                route.Baseline += weight * ((route.Sum / route.Count) - route.Baseline);
            }
        }

        if (change.Move == BaselineMove.Scale)
        {
            foreach (ref Route route in _routes.AsSpan())
            {
                route.Baseline *= change.Factor;
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
        }

        _seenCount = 0;
        _squares = _products = _baselineSquares = _unknownSquares = 0;
    }

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
                work += route.Count * route.Baseline;
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
        public int Known;

        public int Count;
        public double Sum;
    }
}
