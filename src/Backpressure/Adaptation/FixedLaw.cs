using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>The limit that was configured, whatever happens.</summary>
internal sealed class FixedLaw(LimitSettings settings) : ILimitLaw
{
    public LimitDecision Current { get; private set; } = Configured(settings);

    public static LimitDecision Step(LimitDecision current) => current with { Reason = LimitReason.Hold };

    public LimitDecision Step(in WindowSummary window) => Current = Step(Current);

    public LimitDecision Reconfigure(LimitSettings settings) => Current = Configured(settings);

    private static LimitDecision Configured(LimitSettings settings)
        => new(settings.Initial, settings.Initial, LimitReason.Configured);
}
