namespace Backpressure;

/// <summary>What a request must look like to match a route.</summary>
public sealed class RouteMatchOptions
{
    /// <summary>A route template as ASP.NET Core writes them, from its leading slash: <c>/orders/{id}</c>, <c>/checkout/{**rest}</c>. Required.</summary>
    public string? Path { get; set; }

    /// <summary>HTTP methods; empty (the default): any.</summary>
    public IList<string> Methods { get; } = [];

    /// <summary>Host names without port, with a leading <c>*.</c> for subdomains; empty (the default): any.</summary>
    public IList<string> Hosts { get; } = [];
}
