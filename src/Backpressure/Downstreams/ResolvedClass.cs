using Backpressure.Configuration;
using Backpressure.Observability;

namespace Backpressure.Downstreams;

/// <summary>A <see cref="RequestClass"/> under one configuration: all that needs no request to be known.</summary>
internal sealed class ResolvedClass
{
    public required LoadShedder Owner { get; init; }

    public required ShedderSettings Settings { get; init; }

    public required PolicySettings Policy { get; init; }

    public required string Route { get; init; }

    public required Downstream Downstream { get; init; }

    public required Priority Priority { get; init; }

    public required BackpressureMode Mode { get; init; }

    public required bool Exempt { get; init; }

    /// <summary>
    /// Whether at a free gate there is nothing to do but to enter: it is enforced, with no shadow to mirror it in, no
    /// rate limit, no ceiling, and a clock that is known not to throw.
    /// </summary>
    public required bool IsPlain { get; init; }

    /// <summary>Its route in the downstream's meter.</summary>
    public required int RouteIndex { get; init; }

    /// <summary>Its route in the shadow's meter.</summary>
    public required int ShadowRouteIndex { get; init; }

    /// <summary>The policy's <c>MaxWait</c> in timestamp ticks.</summary>
    public required long MaxWait { get; init; }

    /// <summary>Whether its queue sheds the same users first.</summary>
    public required bool ShedsSameUsers { get; init; }

    public required DecisionCounters Counters { get; init; }
}
