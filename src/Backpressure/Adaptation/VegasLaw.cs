using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>
/// TCP Vegas for requests: keeps a small queue in the downstream, whose length it reckons from how much longer requests
/// take than the shortest mean latency seen.
/// </summary>
/// <remarks>
/// <para>
/// Formula, once a second (<see cref="SampleWindow"/>), with L the limit and λ = ⌊log10 L⌋, at least 1:
/// <c>queue = ⌈L (1 − noLoad / latency)⌉</c>.
/// Any request dropped: L − λ. Else fewer than L / 2 in flight: as it is. Else queue ≤ λ: L + 6λ; below 3λ: L + λ;
/// above 6λ: L − λ; between: as it is. From <c>Min</c> to <c>Max</c>, rounded down.
/// </para>
/// <para>
/// States: a second whose mean latency is below <c>noLoad</c> only becomes it. So does, whatever it shows, one in 15 L to
/// 30 L: the probe, spread so that instances do not probe together. Its jitter is a hash of the latency just measured,
/// so the step stays a function of state and window.
/// </para>
/// <para>
/// Source: Brakmo and Peterson 1995, and <c>VegasLimit</c> of Netflix concurrency-limits at its defaults, but for the
/// bounds (theirs: 1 to 1000).
/// </para>
/// <para>
/// Known faults. Latency is not told apart by route, so a shift of the mix to slow routes is taken for congestion, and
/// so is a plain change of latency, until the next probe. A probe under load takes the queue for the empty downstream, so a
/// long overload drifts upwards. It falls by λ a second whatever happens, so a fall of capacity is followed slowly.
/// Whether it was the limit that bound is not asked: half of it in flight is enough to grow.
/// </para>
/// </remarks>
internal sealed class VegasLaw : ILimitLaw
{
    private const int ProbeMultiplier = 30;

    private LimitSettings _settings;
    private VegasState _state;

    /// <param name="settings">Bounds and the initial limit.</param>
    /// <param name="inUse">A limit that traffic is running at already; 0: none.</param>
    public VegasLaw(LimitSettings settings, int inUse = 0)
    {
        _settings = settings;
        (_state, Current) = Start(settings, inUse);
    }

    public LimitDecision Current { get; private set; }

    public bool Settles => false;

    internal VegasState State => _state;

    public static (VegasState State, LimitDecision Decision) Start(LimitSettings settings, int inUse = 0)
    {
        int limit = Math.Clamp(inUse > 0 ? inUse : settings.Initial, settings.Min, settings.Max);
        return Decide(new VegasState { Limit = limit, Jitter = 1 }, LimitReason.Configured);
    }

    public static (VegasState State, LimitDecision Decision) Step(
        VegasState state, in WindowSummary window, LimitSettings settings)
    {
        if (!SampleWindow.Teaches(window, (int)state.Limit))
        {
            return Decide(state with { Open = default }, LimitReason.Hold);
        }

        SampleWindow sample = state.Open.With(window);
        if (!sample.IsOver)
        {
            return Decide(state with { Open = sample }, LimitReason.Hold);
        }

        state = state with { Open = default };
        return sample.IsEnough ? Update(state, sample, settings, VegasTuning.Default) : Decide(state, LimitReason.Hold);
    }

    public static (VegasState State, LimitDecision Decision) Update(
        VegasState state, in SampleWindow sample, LimitSettings settings, VegasTuning tuning)
    {
        int updates = state.Updates + 1;
        if (updates >= state.Jitter * ProbeMultiplier * state.Limit)
        {
            return Decide(
                state with { NoLoad = sample.Latency, Updates = 0, Jitter = JitterFrom(sample.Latency) }, LimitReason.Hold);
        }

        state = state with { Updates = updates };
        if (state.NoLoad == 0)
        {
            return Decide(
                state with { NoLoad = sample.Latency, Jitter = JitterFrom(sample.Latency) }, LimitReason.Hold);
        }

        if (sample.Latency < state.NoLoad)
        {
            return Decide(state with { NoLoad = sample.Latency }, LimitReason.Hold);
        }

        (double next, LimitReason reason) = Next(state, sample, tuning);
        next = Math.Clamp(next, settings.Min, settings.Max);
        next = ((1 - tuning.Smoothing) * state.Limit) + (tuning.Smoothing * next);
        return Decide(state with { Limit = next }, reason);
    }

    public LimitDecision Step(in WindowSummary window)
    {
        (_state, Current) = Step(_state, window, _settings);
        return Current;
    }

    public LimitDecision Reconfigure(LimitSettings settings)
    {
        _settings = settings;
        double limit = Math.Clamp(_state.Limit, settings.Min, settings.Max);
        (_state, Current) = Decide(_state with { Limit = limit, Open = default }, LimitReason.Configured);
        return Current;
    }

    private static (double Next, LimitReason Reason) Next(in VegasState state, in SampleWindow sample, VegasTuning tuning)
    {
        double limit = state.Limit;
        int unit = Math.Max(1, (int)Math.Log10((int)limit));
        double lower = tuning.Decrease?.Invoke(limit) ?? (limit - unit);
        if (sample.Dropped)
        {
            return (lower, LimitReason.Dropped);
        }

        if (sample.PeakInFlight * 2 < limit)
        {
            return (limit, LimitReason.NotBound);
        }

        int queue = (int)Math.Ceiling(limit * (1 - (state.NoLoad / sample.Latency)));
        return queue switch
        {
            _ when queue <= unit => (limit + (6 * unit), LimitReason.SlowStart),
            _ when queue < 3 * unit => (limit + unit, LimitReason.Increase),
            _ when queue > 6 * unit => (lower, LimitReason.Follow),
            _ => (limit, LimitReason.Hold),
        };
    }

    // The low bits of a measured time are as good as random; the multiplication (SplitMix64's) spreads them.
    private static double JitterFrom(double latency)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(latency) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 31)) * 0x94D049BB133111EB;
        return 0.5 + ((bits >> 40) * (0.5 / (1 << 24)));
    }

    private static (VegasState State, LimitDecision Decision) Decide(VegasState state, LimitReason reason)
    {
        int limit = (int)state.Limit;
        return (state, new LimitDecision(limit, limit, reason));
    }
}
