using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Classification;

/// <summary>The configured routes of one configuration, in the order in which they are tried.</summary>
internal sealed class RouteTable
{
    private readonly RouteMatcher[] _matchers;

    private RouteTable(ShedderSettings settings, RouteMatcher[] matchers)
    {
        Settings = settings;
        ReadsPriority = settings.PriorityHeader is { Lower: true } or { KnownIPNetworks.Count: > 0 } or { ClaimType: not null };
        _matchers = matchers;
    }

    /// <summary>The configuration that it was made from.</summary>
    public ShedderSettings Settings { get; }

    /// <summary>Whether a header may change a request's priority.</summary>
    public bool ReadsPriority { get; }

    /// <summary>Makes the table of the routes whose templates can be read, which in a configuration that was checked are all.</summary>
    public static RouteTable Create(ShedderSettings settings, ParameterPolicyFactory? constraints, ILogger logger)
    {
        var matchers = new List<RouteMatcher>(settings.Routes.Count);
        foreach (RouteSettings route in settings.Routes)
        {
            if (RouteMatcher.FaultOf(route.Path, constraints) is { } fault)
            {
                Log.RouteIgnored(logger, route.Name, $"{route.Path} {fault}");
                continue;
            }

            matchers.Add(RouteMatcher.Create(route, constraints));
        }

        RouteMatcher[] ordered = [.. matchers
            .OrderBy(static matcher => matcher.Route.Order)
            .ThenBy(static matcher => matcher.Precedence)
            .ThenBy(static matcher => matcher.Route.Name, StringComparer.OrdinalIgnoreCase)];
        return new RouteTable(settings, ordered);
    }

    /// <summary>The first route that the request matches.</summary>
    public RouteSettings? Find(HttpContext context)
    {
        foreach (RouteMatcher matcher in _matchers)
        {
            if (matcher.Matches(context))
            {
                return matcher.Route;
            }
        }

        return null;
    }

    /// <summary>
    /// The first route that the request matches on purpose: by a template that names its path, or by an exempt policy. A
    /// catch-all is written with pages in mind and not with probes, and an orchestrator restarts a process whose probes are
    /// refused: under overload of all times.
    /// </summary>
    public RouteSettings? FindForProbe(HttpContext context)
    {
        foreach (RouteMatcher matcher in _matchers)
        {
            if ((matcher.NamesPaths || Settings.FindPolicy(matcher.Route.Policy) is { Exempt: true }) && matcher.Matches(context))
            {
                return matcher.Route;
            }
        }

        return null;
    }
}
