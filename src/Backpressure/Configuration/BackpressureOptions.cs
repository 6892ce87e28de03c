namespace Backpressure;

/// <summary>
/// Everything that can be configured, usually from the section <c>Backpressure</c>. Every property has a default
/// that enforces safely. Names of downstreams, policies, routes, rate limits and signals are compared without case; they have
/// 1 to 100 characters, no colon, no space at either end, and in a configuration not digits alone (an index of a list).
/// </summary>
/// <remarks>
/// What is out of its range, contradicts itself or names what does not exist is never put right silently: all such
/// errors are thrown together as a <see cref="BackpressureOptionsException"/>. Configuration is read on top of what
/// code has set: entries of the same name are amended, lists are replaced, and null leaves what is there.
/// </remarks>
public sealed class BackpressureOptions
{
    /// <summary>How far decisions are carried out. Default <see cref="BackpressureMode.Enforce"/>.</summary>
    public BackpressureMode Mode { get; set; }

    /// <summary>The policy of a request that no route or metadata names one for. Default <c>Default</c>, which always exists.</summary>
    public string DefaultPolicy { get; set; } = "Default";

    /// <summary>
    /// Host-wide ceiling on requests in the system, waiting and running, before all gates; above it requests are
    /// refused at once. Counts those that came since it was set. 1 to 1 000 000; default <see langword="null"/>: none.
    /// </summary>
    public int? MaxConcurrentRequests { get; set; }

    /// <summary>
    /// Whose request it is, where a policy (for waiting) or a rate limit does not say: <c>Address</c>, <c>User</c>, <c>Claim:{type}</c>,
    /// <c>Header:{name}</c>, <c>Route:{parameter}</c> or <c>None</c> (one for all). A request without the named
    /// thing falls back to its address. Default <c>User</c>.
    /// </summary>
    public string PartitionBy { get; set; } = "User";

    /// <summary>The capacities that requests use up, by name. <c>Default</c> always exists.</summary>
    public IDictionary<string, DownstreamOptions> Downstreams { get; } =
        new Dictionary<string, DownstreamOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Named sets of choices for routes. <c>Default</c> always exists.</summary>
    public IDictionary<string, PolicyOptions> Policies { get; } =
        new Dictionary<string, PolicyOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Which requests get which policy, for endpoints that carry no metadata of their own.</summary>
    public IDictionary<string, RouteOptions> Routes { get; } =
        new Dictionary<string, RouteOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Rate limits that policies name.</summary>
    public IDictionary<string, RateLimitOptions> RateLimits { get; } =
        new Dictionary<string, RateLimitOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Live readings that lower the limits of the downstreams which name them.</summary>
    public IDictionary<string, SignalOptions> Signals { get; } =
        new Dictionary<string, SignalOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Which priority headers are believed.</summary>
    public PriorityHeaderOptions PriorityHeader { get; set; } = new();

    /// <summary>Which deadline headers are read.</summary>
    public DeadlineOptions Deadline { get; set; } = new();
}
