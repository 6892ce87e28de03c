using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Backpressure.AspNetCore.Classification;

/// <summary>
/// The classes of one endpoint's requests, each worked out once. An endpoint with a policy of its own has one a method; one
/// without has one a method and policy that configuration gives it.
/// </summary>
internal sealed class EndpointClasses
{
    /// <summary>
    /// A method is told apart because GET and POST of one page are different work; those not known here share one class,
    /// since a client could invent any number (named as OpenTelemetry's semantic conventions do).
    /// </summary>
    private static readonly string[] Methods =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY", "_OTHER"];

    private readonly LoadShedder _shedder;
    private readonly string _route;
    private readonly RequestClass?[] _byMethod = new RequestClass?[Methods.Length];
    private ConcurrentDictionary<(int Method, string Policy), RequestClass>? _byConfiguredPolicy;

    public EndpointClasses(Endpoint endpoint, LoadShedder shedder)
    {
        _shedder = shedder;
        _route = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? endpoint.DisplayName ?? "endpoint";
        Choice = EndpointChoice.Of(endpoint);
    }

    public EndpointChoice Choice { get; }

    /// <summary>Whether a configured route may give it its policy.</summary>
    public bool AsksConfiguration => !Choice.Disabled && Choice.Policy is null;

    /// <summary>The class of a request with this method.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="configuredPolicy">The policy that a configured route gives it; null: none.</param>
    public RequestClass For(string method, string? configuredPolicy)
    {
        int index = IndexOf(method);
        if (configuredPolicy is null)
        {
            // Racing threads may each make one; both say the same.
            return _byMethod[index] ??= Make(index, Choice.Policy, Choice.Disabled || (Choice.IsHealthCheck && Choice.Policy is null));
        }

        _byConfiguredPolicy ??= new ConcurrentDictionary<(int, string), RequestClass>();
        return _byConfiguredPolicy.TryGetValue((index, configuredPolicy), out RequestClass? known)
            ? known
            : _byConfiguredPolicy.GetOrAdd((index, configuredPolicy), Make(index, configuredPolicy, exempt: false));
    }

    private RequestClass Make(int method, string? policy, bool exempt)
        => _shedder.ClassOf($"{Methods[method]} {_route}", policy, Choice.Priority, exempt);

    private static int IndexOf(string method)
    {
        for (int i = 0; i < Methods.Length - 1; i++)
        {
            if (HttpMethods.Equals(Methods[i], method))
            {
                return i;
            }
        }

        return Methods.Length - 1;
    }
}
