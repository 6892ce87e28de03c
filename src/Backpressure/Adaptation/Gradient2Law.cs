using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>
/// Follows the ratio of the latency's long average to its present one: what is much slower than usual is taken to queue.
/// </summary>
/// <remarks>
/// <para>
/// Formula, once a second (<see cref="SampleWindow"/>), with L the limit:
/// <c>gradient = clamp(1.5 × long / latency, 0.5, 1)</c>, <c>L ← 0.8 L + 0.2 (gradient × L + 4)</c>, from <c>Min</c> to
/// <c>Max</c>, rounded down. 1.5 is the tolerance, 0.2 the smoothing, 4 the queue allowed for. <c>long</c> is an
/// exponential average of about 600 seconds, at first a plain mean of 10 (<see cref="LongAverage"/>).
/// </para>
/// <para>
/// States. Steady: the gradient is 1 and L grows by 0.8 a second for as long as half of it is in use; below that it
/// stays. Overload: beyond 1.5 times the usual latency it shrinks, by a tenth a second at most, down to where what is
/// cut equals the 4. After it: where <c>long</c> is over twice the present latency it loses a twentieth a second more.
/// </para>
/// <para>
/// Source: <c>Gradient2Limit</c> of Netflix concurrency-limits at its defaults, but for the bounds (theirs: 20 to 200).
/// </para>
/// <para>
/// Known faults. <c>long</c> learns from congestion too: a long overload becomes the usual, and the limit drifts up to
/// <c>Max</c> (their issue 137). Up to 1.5 times the usual latency it grows without asking whether that helps.
/// Latency is not told apart by route. <see cref="Outcome.Dropped"/> counts by the time it took alone, so what is refused
/// quickly makes it grow.
/// </para>
/// </remarks>
internal sealed class Gradient2Law : ILimitLaw
{
    private const double Tolerance = 1.5;
    private const double Steepest = 0.5;
    private const double QueueAllowed = 4;
    private const double Smoothing = 0.2;
    private const int LongWindow = 600;

    // What a long overload has left in the long average goes faster than the average alone would forget it.
    private const double FarAbove = 2;
    private const double Forgetting = 0.95;

    private LimitSettings _settings;
    private Gradient2State _state;

    /// <param name="settings">Bounds and the initial limit.</param>
    /// <param name="inUse">A limit that traffic is running at already; 0: none.</param>
    public Gradient2Law(LimitSettings settings, int inUse = 0)
    {
        _settings = settings;
        (_state, Current) = Start(settings, inUse);
    }

    public LimitDecision Current { get; private set; }

    public bool Settles => false;

    internal Gradient2State State => _state;

    public static (Gradient2State State, LimitDecision Decision) Start(LimitSettings settings, int inUse = 0)
    {
        int limit = Math.Clamp(inUse > 0 ? inUse : settings.Initial, settings.Min, settings.Max);
        return Decide(new Gradient2State { Limit = limit, Long = new LongAverage(LongWindow) }, LimitReason.Configured);
    }

    public static (Gradient2State State, LimitDecision Decision) Step(
        Gradient2State state, in WindowSummary window, LimitSettings settings)
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
        return sample.IsEnough ? Update(state, sample, settings) : Decide(state, LimitReason.Hold);
    }

    public static (Gradient2State State, LimitDecision Decision) Update(
        Gradient2State state, in SampleWindow sample, LimitSettings settings)
    {
        LongAverage average = state.Long.With(sample.Latency);
        double ratio = average.Value / sample.Latency;
        state = state with { Long = ratio > FarAbove ? average with { Value = average.Value * Forgetting } : average };
        if (sample.PeakInFlight < state.Limit / 2)
        {
            return Decide(state, LimitReason.NotBound);
        }

        double gradient = Math.Clamp(Tolerance * ratio, Steepest, 1);
        double next = (state.Limit * gradient) + QueueAllowed;
        next = (state.Limit * (1 - Smoothing)) + (next * Smoothing);
        next = Math.Clamp(next, settings.Min, settings.Max);
        return Decide(state with { Limit = next }, gradient < 1 ? LimitReason.Follow : LimitReason.Increase);
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

    private static (Gradient2State State, LimitDecision Decision) Decide(Gradient2State state, LimitReason reason)
    {
        int limit = (int)state.Limit;
        return (state, new LimitDecision(limit, limit, reason));
    }
}
