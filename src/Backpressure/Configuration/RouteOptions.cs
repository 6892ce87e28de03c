namespace Backpressure;

/// <summary>Gives the requests that match a policy, where endpoint metadata names none.</summary>
public sealed class RouteOptions
{
    /// <summary>What a request must look like.</summary>
    public RouteMatchOptions Match { get; set; } = new();

    /// <summary>The name of the policy. Required.</summary>
    public string? Policy { get; set; }

    /// <summary>
    /// Routes with a lower order are tried first, as in endpoint routing; equal orders by precedence of their
    /// template, then by name. Default 0.
    /// </summary>
    public int Order { get; set; }
}
