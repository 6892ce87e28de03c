using Backpressure.Downstreams;

namespace Backpressure;

/// <summary>
/// A kind of request, known before any of them comes: its route, its policy and its priority. Worked out once per
/// endpoint by <see cref="LoadShedder.ClassOf"/> and kept; it follows reloads of the configuration by itself.
/// </summary>
public sealed class RequestClass
{
    private ResolvedClass? _resolved;

    internal RequestClass(LoadShedder owner, string route, string? policyName, Priority? priority, bool exempt)
    {
        Owner = owner;
        Route = route;
        PolicyName = policyName;
        Priority = priority;
        Exempt = exempt;
    }

    /// <summary>The route whose latency its requests share: latencies are only compared within a route.</summary>
    public string Route { get; }

    /// <summary>The policy it asks for; <see langword="null"/>: the default policy.</summary>
    public string? PolicyName { get; }

    /// <summary>The priority that overrides the policy's; <see langword="null"/>: the policy's.</summary>
    public Priority? Priority { get; }

    /// <summary>Whether its requests are counted apart and never held back, whatever the policy says.</summary>
    public bool Exempt { get; }

    internal LoadShedder Owner { get; }

    /// <summary>What it comes to under the configuration that was in force when it was last used.</summary>
    internal ResolvedClass? Resolved
    {
        get => Volatile.Read(ref _resolved);
        set => Volatile.Write(ref _resolved, value);
    }
}
