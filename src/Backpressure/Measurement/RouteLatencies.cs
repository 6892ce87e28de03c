namespace Backpressure.Measurement;

/// <summary>
/// By route: the baseline, the usual latency, and what the open window saw. Needs the controller's lock, but for
/// <see cref="UsualTicks"/>. In seconds, where it does not say ticks.
/// </summary>
/// <param name="ticksPerSecond">The clock's resolution.</param>
/// <remarks>
/// Within a route latencies are compared by their geometric mean: where service times differ a hundredfold, how many of the
/// long ones a window happens to hold moves it far less than a mean, and what all have in common, their stretch, moves it
/// alike. Between routes a stretch counts by the time that a route spends in flight.
/// </remarks>
internal sealed class RouteLatencies(double ticksPerSecond)
{
    // Long enough that a window's noise hardly moves a baseline, short enough to follow a release of the application.
    // In effective samples of log-normal latencies with σ = 0.5, each of which says as much as 1.28 unequal ones.
    private const double Memory = 400;
    private const double SamplesPerEffective = 1.28;

    // After a scaling the baselines are a guess: trust what comes.
    private const double MemoryAfterScaling = 100;

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

    // The same for those who ask, of whom there are many more than of those that change it.
    private long[] _usualTicks = new long[16];
    private int[] _seen = new int[16];
    private int _seenCount;

    private double _variance = FirstVariance;

    /// <summary>0 when not known. Lock-free.</summary>
    public long UsualTicks(int route)
    {
        long[] usual = Volatile.Read(ref _usualTicks);
        return (uint)route < (uint)usual.Length ? Volatile.Read(ref usual[route]) : 0;
    }

    /// <summary>Notes how long one took, and takes no sample.</summary>
    public void NoteUsual(int index, double latency)
    {
        if (index >= _routes.Length)
        {
            Grow(index);
        }

        ref double usual = ref _usual[index];
        usual = usual > 0 ? usual + (UsualWeight * (latency - usual)) : latency;
        Volatile.Write(ref _usualTicks[index], (long)(usual * ticksPerSecond));
    }

    /// <summary>Takes a sample into the open window.</summary>
    public void Add(int index, double latency, int weight)
    {
        NoteUsual(index, latency);
        ref Route route = ref _routes[index];
        if (route.Count == 0)
        {
            _seen[_seenCount++] = index;
        }

        route.Count += weight;
        double weighted = weight * latency;
        double log = Math.Log(Math.Max(latency, LeastLatency));
        route.WeightSquares += (double)weight * weight;
        route.Squares += weighted * weighted;
        route.Sum += weighted;
        route.LogSum += weight * log;
        route.LogSquares += weight * log * log;
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
            parts += route.Sum * route.Sum / route.OwnCount;
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
            work += route.Known > 0 ? route.Sum / route.Stretch : route.Sum / stretch;
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
                route.Known = Math.Min(Memory, route.Samples);
            }
            else if (change.Move == BaselineMove.Follow)
            {
                // A plain mean at first, exponential once the memory is full.
                route.Known = Math.Min(Memory, route.Known + route.Samples);
                double weight = Math.Min(1, route.Samples / route.Known);
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
            double count = route.OwnCount;
            squares += Math.Max(0, route.LogSquares - (route.LogSum * route.LogMean)) * count / route.Count;
            freedom += count - 1;
        }

        return (squares, freedom);
    }

    private void Grow(int index)
    {
        int length = Math.Max(index + 1, 2 * _routes.Length);
        Array.Resize(ref _routes, length);
        Array.Resize(ref _seen, length);
        Array.Resize(ref _usual, length);
        long[] usualTicks = new long[length];
        _usualTicks.CopyTo(usualTicks, 0);
        Volatile.Write(ref _usualTicks, usualTicks);
    }

    private record struct Route
    {
        /// <summary>The mean logarithm of unqueued latencies.</summary>
        public double LogBaseline;

        /// <summary>Samples behind the baseline, by what they say, up to the memory; 0: it has none.</summary>
        public double Known;

        public int Count;
        public double WeightSquares;
        public double Sum;
        public double Squares;
        public double LogSum;
        public double LogSquares;

        public readonly double LogMean => LogSum / Count;

        public readonly double Stretch => Math.Exp(LogMean - LogBaseline);

        /// <summary>How many were measured, whatever they stand for.</summary>
        public readonly double OwnCount => (double)Count * Count / WeightSquares;

        /// <summary>By what they say of a mean: where few long ones outweigh all others, it is less than their number.</summary>
        public readonly double Samples => SamplesPerEffective * Sum * Sum / Math.Max(Squares, double.Epsilon);
    }
}
