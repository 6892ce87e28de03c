using Backpressure.Adaptation;
using Backpressure.Configuration;

namespace Backpressure.Downstreams;

/// <summary>How far signals lower a limit. It can only lower: at 0 the law's limit stands.</summary>
/// <param name="Level">0: not at all; 1: to the floor.</param>
/// <param name="Signal">Whose level it is.</param>
internal sealed record Pressure(double Level, string? Signal)
{
    public static Pressure None { get; } = new(0, null);

    /// <summary>The least that signals leave: the configured minimum, and one of a fixed limit, whose minimum is itself.</summary>
    public static int FloorOf(LimitSettings limit) => limit.Algorithm == LimitAlgorithm.Fixed ? 1 : limit.Min;

    /// <summary>What is left of a law's decision. A look above its limit is not for a time when less is asked for.</summary>
    public (int Limit, int Nominal) Lower(LimitDecision decision, int floor) => Level > 0
        ? (Lower(Math.Min(decision.Limit, decision.Nominal), floor), Lower(decision.Nominal, floor))
        : (decision.Limit, decision.Nominal);

    // In proportion between it and the floor, rounded up.
    private int Lower(int limit, int floor) =>
        limit <= floor ? limit : floor + (int)Math.Ceiling((limit - floor) * (1 - Level));
}
