using System.Collections.Frozen;

namespace Backpressure.Configuration;

/// <summary>One validated, immutable configuration; a reload makes a new one.</summary>
internal sealed record ShedderSettings
{
    public required BackpressureMode Mode { get; init; }

    public required PolicySettings DefaultPolicy { get; init; }

    /// <summary>The host-wide ceiling; null: none.</summary>
    public int? MaxConcurrentRequests { get; init; }

    public required FrozenDictionary<string, DownstreamSettings> Downstreams { get; init; }

    public required FrozenDictionary<string, PolicySettings> Policies { get; init; }

    public required FrozenDictionary<string, RateLimitSettings> RateLimits { get; init; }

    public required FrozenDictionary<string, SignalSettings> Signals { get; init; }

    /// <summary>In the order in which they are tried, but for the precedence of templates, which the web layer knows.</summary>
    public required IReadOnlyList<RouteSettings> Routes { get; init; }

    public required PriorityHeaderSettings PriorityHeader { get; init; }

    public required DeadlineSettings Deadline { get; init; }

    public PolicySettings? FindPolicy(string name) => Policies.GetValueOrDefault(name);

    /// <summary>By value, maps too (dictionaries compare by reference): tells whether a reload changes anything.</summary>
    public bool Equals(ShedderSettings? other) =>
        other is not null
        && Mode == other.Mode
        && MaxConcurrentRequests == other.MaxConcurrentRequests
        && DefaultPolicy == other.DefaultPolicy
        && PriorityHeader == other.PriorityHeader
        && Deadline == other.Deadline
        && Routes.SequenceEqual(other.Routes)
        && Same(Downstreams, other.Downstreams)
        && Same(Policies, other.Policies)
        && Same(RateLimits, other.RateLimits)
        && Same(Signals, other.Signals);

    public override int GetHashCode() =>
        HashCode.Combine(Mode, MaxConcurrentRequests, DefaultPolicy, PriorityHeader, Deadline, Downstreams.Count, Policies.Count, RateLimits.Count);

    private static bool Same<T>(FrozenDictionary<string, T> some, FrozenDictionary<string, T> others)
        where T : IEquatable<T> =>
        some.Count == others.Count && some.All(pair => others.TryGetValue(pair.Key, out var other) && pair.Value.Equals(other));
}

internal sealed record DownstreamSettings
{
    public required string Name { get; init; }

    public required LimitSettings Limit { get; init; }

    public required QueueSettings Queue { get; init; }

    public required int MaxLongLived { get; init; }

    /// <summary>The names of the signals that lower its limit, as they were declared.</summary>
    public ValueList<string> Signals { get; init; } = new([]);

    /// <summary>Whether one of them is <see cref="SignalKind.ThreadPoolDelay"/>.</summary>
    public bool HeedsThreadPool { get; init; }
}

internal sealed record LimitSettings
{
    public required LimitAlgorithm Algorithm { get; init; }

    /// <summary>Where the limit starts; for a fixed limit its value, as Min and Max are.</summary>
    public required int Initial { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }
}

internal sealed record QueueSettings
{
    /// <summary>Null: twice the limit, at least 16.</summary>
    public int? Capacity { get; init; }

    public required int BlockCapacity { get; init; }

    public required double MinShare { get; init; }

    public required ProcessingOrder ProcessingOrder { get; init; }

    public bool ShedSameUsers { get; init; }

    public int CapacityAt(int limit) => Capacity ?? Math.Max(16, 2 * limit);
}

internal sealed record PolicySettings
{
    public required string Name { get; init; }

    public required Priority Priority { get; init; }

    public required Overflow Overflow { get; init; }

    /// <summary>Zero for <see cref="Overflow.Reject"/>.</summary>
    public required TimeSpan MaxWait { get; init; }

    public required string Downstream { get; init; }

    /// <summary>Null: none.</summary>
    public RateLimitSettings? RateLimit { get; init; }

    /// <summary>The mode in force for this policy: the lesser of its own and the whole's.</summary>
    public required BackpressureMode Mode { get; init; }

    public required HoldUntil HoldUntil { get; init; }

    public required int Cost { get; init; }

    /// <summary>Who is told how many more to send; <see cref="CreditGrant.Nobody"/> too where only the known are and nobody is known.</summary>
    public CreditGrant Credits { get; init; } = CreditGrant.Nobody;

    /// <summary>Whose request it is while it waits.</summary>
    public required PartitionSettings PartitionBy { get; init; }

    public required bool Exempt { get; init; }
}

internal sealed record RouteSettings
{
    public required string Name { get; init; }

    public required string Path { get; init; }

    public required IReadOnlyList<string> Methods { get; init; }

    public required IReadOnlyList<string> Hosts { get; init; }

    public required string Policy { get; init; }

    public required int Order { get; init; }
}

internal sealed record RateLimitSettings
{
    public required string Name { get; init; }

    public required RateLimitAlgorithm Algorithm { get; init; }

    public RateLimitScope Scope { get; init; }

    public required PartitionSettings PartitionBy { get; init; }

    /// <summary>Tokens held at most, or permits.</summary>
    public required int Permits { get; init; }

    /// <summary>Tokens added a period; otherwise equal to <see cref="Permits"/>.</summary>
    public required int PermitsPerPeriod { get; init; }

    /// <summary>Replenishment period or window; zero for concurrency.</summary>
    public required TimeSpan Period { get; init; }

    public required int SegmentsPerWindow { get; init; }
}

internal enum PartitionKind
{
    Address,
    User,
    Claim,
    Header,
    Route,
    None,
}

/// <summary>Whose request it is; <paramref name="Name"/> is the claim's type, the header or the route parameter.</summary>
internal sealed record PartitionSettings(PartitionKind Kind, string? Name);

internal sealed record PriorityHeaderSettings
{
    public required bool Lower { get; init; }

    public required string Name { get; init; }

    public required IReadOnlyList<System.Net.IPNetwork> KnownIPNetworks { get; init; }

    public string? ClaimType { get; init; }

    /// <summary>Null: any value.</summary>
    public string? ClaimValue { get; init; }
}

internal sealed record DeadlineSettings
{
    /// <summary>Empty: not read.</summary>
    public required string GrpcTimeoutHeader { get; init; }

    /// <summary>Empty: not read.</summary>
    public required string MillisecondsHeader { get; init; }
}
