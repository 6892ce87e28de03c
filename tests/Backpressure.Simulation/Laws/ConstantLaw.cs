using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws;

/// <summary>Stays where it is, whatever happens: each of its kinds must fail the suite.</summary>
internal sealed class ConstantLaw(int limit) : ILimitLaw
{
    public LimitDecision Current { get; } = new(limit, limit, LimitReason.Hold);

    public LimitDecision Step(in WindowSummary window) => Current;

    public LimitDecision Reconfigure(LimitSettings settings) => Current;
}
