namespace Backpressure.Measurement;

/// <summary>
/// By route: the baseline, the usual latency, and what the open window saw. Needs the controller's lock, but for
/// <see cref="Usual"/>. In seconds.
/// </summary>
/// <remarks>
/// Within a route latencies are compared by their geometric mean: where service times differ a hundredfold, how many of
/// the long ones a window happens to hold moves it far less than a mean, and what all have in common, their stretch,
/// moves it alike. Between routes a stretch counts by the time that a route spends in flight, so that many short requests
/// which nothing hinders do not hide a few long ones that are.
/// </remarks>
internal sealed class RouteLatencies
{
    // Effective samples: long enough that a window's noise hardly moves a baseline, short enough to follow a release of
    // the application.
    private const double Memory = 312;

    // After a scaling the baselines are a guess: trust what comes.
    private const double MemoryAfterScaling = 78;

    private const double UsualWeight = 1.0 / 32;

    // A window says little of a variance: so many samples' worth of what was seen before, at first of σ = 0.55.
    private const double SamplesOfUsualVariance = 4;
    private const double FirstVariance = 0.3;
    private const double VarianceWeight = 0.1;
    private const double LeastFreedom = 5;

    // Below the resolution of any clock: only so that there is a logarithm.
    private const double LeastLatency = 1e-9;

    private Route[] _routes = new Route[16];
    private double[] _usual = new double[16];
    private int[] _seen = new int[16];
    private int _seenCount;
    private double _variance = FirstVariance;

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

        double log = Math.Log(Math.Max(latency, LeastLatency));
        route.Count += weight;
        route.Sum += weight * latency;
        route.Squares += weight * latency * latency;
        route.LogSum += weight * log;
        route.LogSquares += weight * log * log;

        ref double usual = ref _usual[index];
        Volatile.Write(ref usual, usual > 0 ? usual + (UsualWeight * (latency - usual)) : latency);
    }

    /// <summary>
    /// The relative standard error of Σ latency ÷ <see cref="Work"/>, from how far latencies lie from the geometric mean of
    /// their route: what differs between routes is no noise. 1 when nothing was seen.
    /// </summary>
    public double Noise()
    {
        (double squares, double freedom) = Scatter();
        double variance = (squares + (SamplesOfUsualVariance * _variance)) / (freedom + SamplesOfUsualVariance);
        (double time, double parts) = (0, 0);
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            time += route.Sum;
            parts += route.Sum * route.Sum / route.Count;
        }

        return time > 0 ? Math.Sqrt(variance * parts) / time : 1;
    }

    /// <summary>What the latencies would have been unstretched, together.</summary>
    public double Work()
    {
        double stretch = StretchOfKnown();
        double work = 0;
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            work += route.Sum / (route.Known > 0 ? route.Stretch : stretch);
        }

        return work;
    }

    public void Learn(BaselineChange change)
    {
        (double squares, double freedom) = Scatter();
        if (freedom >= LeastFreedom)
        {
            _variance += VarianceWeight * ((squares / freedom) - _variance);
        }

        double stretch = StretchOfKnown();
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            if (route.Known == 0)
            {
                route.LogBaseline = route.LogMean - Math.Log(stretch);
                route.Known = Math.Min(Memory, route.EffectiveSamples);
            }
            else if (change.Move == BaselineMove.Follow)
            {
                // A plain mean at first, exponential once the memory is full.
                route.Known = Math.Min(Memory, route.Known + route.EffectiveSamples);
                double weight = Math.Min(1, route.EffectiveSamples / route.Known);
                route.LogBaseline += weight * (route.LogMean - route.LogBaseline);
            }
        }

        if (change.Move == BaselineMove.Scale)
        {
            foreach (ref Route route in _routes.AsSpan())
            {
                route.LogBaseline += Math.Log(change.Factor);
                route.Known = Math.Min(route.Known, MemoryAfterScaling);
            }
        }
    }

    public void Discard()
    {
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            route = new Route { LogBaseline = route.LogBaseline, Known = route.Known };
        }

        _seenCount = 0;
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
                work += route.Sum / route.Stretch;
            }
        }

        return work > 0 && sum > 0 ? sum / work : 1;
    }

    // Of the logarithms about their routes' means.
    private (double Squares, double Freedom) Scatter()
    {
        (double squares, double freedom) = (0, 0);
        foreach (int index in _seen.AsSpan(0, _seenCount))
        {
            ref Route route = ref _routes[index];
            squares += Math.Max(0, route.LogSquares - (route.LogSum * route.LogMean));
            freedom += route.Count - 1;
        }

        return (squares, freedom);
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
        /// <summary>The mean logarithm of unqueued latencies.</summary>
        public double LogBaseline;

        /// <summary>Effective samples behind the baseline, up to the memory; 0: it has none.</summary>
        public double Known;

        public int Count;
        public double Sum;
        public double Squares;
        public double LogSum;
        public double LogSquares;

        public readonly double LogMean => LogSum / Count;

        public readonly double Stretch => Math.Exp(LogMean - LogBaseline);

        public readonly double EffectiveSamples => Squares > 0 ? Sum * Sum / Squares : Count;
    }
}
