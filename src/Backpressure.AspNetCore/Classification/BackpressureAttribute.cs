namespace Backpressure.AspNetCore;

/// <summary>
/// Names the policy of an endpoint: on a controller, an action, a Razor page model, a hub or a minimal API's handler.
/// Of several on one endpoint, and of this and <see cref="DisableBackpressureAttribute"/>, the last wins: an action's
/// over its controller's, an endpoint's over its group's.
/// </summary>
/// <remarks>
/// A policy that the configuration does not have is an error at start. An endpoint with a policy of its own is not
/// looked up in <see cref="BackpressureOptions.Routes"/>.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class BackpressureAttribute : Attribute
{
    /// <summary>
    /// Takes back a <see cref="DisableBackpressureAttribute"/> or a policy named before it: the endpoint gets its policy
    /// from <see cref="BackpressureOptions.Routes"/>, else the default policy.
    /// </summary>
    public BackpressureAttribute()
    {
    }

    /// <summary>Gives the endpoint the named policy.</summary>
    /// <param name="policy">A name in <see cref="BackpressureOptions.Policies"/>, compared without case.</param>
    /// <exception cref="ArgumentException"><paramref name="policy"/> is null, empty or white space.</exception>
    public BackpressureAttribute(string policy)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(policy);
        Policy = policy;
    }

    /// <summary>The policy's name; <see langword="null"/>: from configuration.</summary>
    public string? Policy { get; }
}
