using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>A law's step: pure.</summary>
internal delegate (TState State, LimitDecision Decision) TrialStep<TState>(TState state, in WindowSummary window, LimitSettings settings);

/// <summary>The shell around a step that is only tried in the laboratory: keeps its state.</summary>
internal sealed class TrialLaw<TState>(LimitSettings settings, TState start, TrialStep<TState> step) : ILimitLaw
{
    private LimitSettings _settings = settings;

    public LimitDecision Current { get; private set; } = new(
        Ground.Start(settings).InForce, Ground.Start(settings).InForce, LimitReason.Configured)
    { Pace = WindowPace.Hasty };

    internal TState State { get; private set; } = start;

    public LimitDecision Step(in WindowSummary window)
    {
        (State, Current) = step(State, window, _settings);
        return Current;
    }

    public LimitDecision Reconfigure(LimitSettings settings)
    {
        _settings = settings;
        int limit = Math.Clamp(Current.Limit, settings.Min, settings.Max);
        return Current = new LimitDecision(limit, limit, LimitReason.Configured);
    }
}
