using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace Backpressure.AspNetCore.Classification;

/// <summary>
/// One configured route, ready to be asked. Most templates are literals, whole-segment parameters and a catch-all at the
/// end: those are compared in place, with nothing allocated. The others are left to the framework's matcher.
/// </summary>
internal sealed class RouteMatcher
{
    private readonly string?[]? _segments;
    private readonly bool _catchAll;
    private readonly TemplateMatcher? _template;
    private readonly (string Key, IRouteConstraint Constraint)[] _constraints;

    private RouteMatcher(RouteSettings route, RoutePattern pattern, (string, IRouteConstraint)[] constraints)
    {
        Route = route;
        Precedence = pattern.InboundPrecedence;
        NamesPaths = pattern.PathSegments.Count == 0 || pattern.PathSegments.Any(static segment => segment.Parts.Any(NamesSomething));
        _constraints = constraints;
        _segments = PlainSegments(pattern, out _catchAll);
        if (_segments is null)
        {
            _template = new TemplateMatcher(new RouteTemplate(pattern), new RouteValueDictionary(pattern.Defaults));
        }
    }

    public RouteSettings Route { get; }

    /// <summary>The framework's: the lower, the more specific.</summary>
    public decimal Precedence { get; }

    /// <summary>Whether the template says which paths it means, and not merely how many segments: <c>/{**rest}</c> means everything.</summary>
    public bool NamesPaths { get; }

    /// <summary>Of a template that has no fault.</summary>
    public static RouteMatcher Create(RouteSettings route, ParameterPolicyFactory? policies)
    {
        RoutePattern pattern = RoutePatternFactory.Parse(route.Path);
        return new RouteMatcher(route, pattern, [.. pattern.Parameters.SelectMany(parameter => ConstraintsOf(parameter, policies))]);
    }

    /// <summary>What is wrong with a template and the way out; null: nothing.</summary>
    public static string? FaultOf(string template, ParameterPolicyFactory? policies)
    {
        try
        {
            foreach (RoutePatternParameterPart parameter in RoutePatternFactory.Parse(template).Parameters)
            {
                _ = ConstraintsOf(parameter, policies);
            }

            return null;
        }
        catch (Exception e) when (e is RoutePatternException or InvalidOperationException or ArgumentException or RouteCreationException)
        {
            return $"is not a route template: {e.Message.TrimEnd('.')}. Write it as ASP.NET Core's routing does, such as /orders/{{id:int}} or /checkout/{{**rest}}.";
        }
    }

    public bool Matches(HttpContext context)
        => MatchesMethod(context.Request.Method)
            && (Route.Hosts.Count == 0 || MatchesHost(context.Request.Host.Host))
            && MatchesPath(context);

    private static List<(string Key, IRouteConstraint Constraint)> ConstraintsOf(RoutePatternParameterPart parameter, ParameterPolicyFactory? policies)
    {
        var constraints = new List<(string, IRouteConstraint)>();
        foreach (RoutePatternParameterPolicyReference reference in parameter.ParameterPolicies)
        {
            if (policies is null)
            {
                throw new InvalidOperationException(
                    $"its constraint '{reference.Content}' needs routing's services; call services.AddRouting(), or leave the constraint out");
            }

            if (policies.Create(parameter, reference) is IRouteConstraint constraint)
            {
                constraints.Add((parameter.Name, constraint));
            }
        }

        return constraints;
    }

    private static bool NamesSomething(RoutePatternPart part)
        => part is not RoutePatternParameterPart parameter || parameter.ParameterPolicies.Count > 0;

    private bool MatchesMethod(string method)
    {
        IReadOnlyList<string> methods = Route.Methods;
        for (int i = 0; i < methods.Count; i++)
        {
            if (methods[i].Equals(method, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return methods.Count == 0;
    }

    private bool MatchesHost(string host)
    {
        foreach (string pattern in Route.Hosts)
        {
            // "*.example.org" stands for its subdomains only, as in the framework's HostAttribute.
            bool matches = pattern.StartsWith("*.", StringComparison.Ordinal)
                ? host.Length > pattern.Length - 1 && host.AsSpan().EndsWith(pattern.AsSpan(1), StringComparison.OrdinalIgnoreCase)
                : host.Equals(pattern, StringComparison.OrdinalIgnoreCase);
            if (matches)
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesPath(HttpContext context)
    {
        PathString path = context.Request.Path;
        if (_segments is not null)
        {
            return MatchesPlainly(path.Value);
        }

        var values = new RouteValueDictionary();
        if (!_template!.TryMatch(path, values))
        {
            return false;
        }

        foreach ((string key, IRouteConstraint constraint) in _constraints)
        {
            if (values.ContainsKey(key) && !constraint.Match(context, route: null, key, values, RouteDirection.IncomingRequest))
            {
                return false;
            }
        }

        return true;
    }

    private bool MatchesPlainly(ReadOnlySpan<char> path)
    {
        // One slash at either end is not a segment, as in endpoint routing.
        path = path.StartsWith('/') ? path[1..] : path;
        path = path.EndsWith('/') ? path[..^1] : path;
        bool more = !path.IsEmpty;
        foreach (string? literal in _segments!)
        {
            if (!more)
            {
                return false;
            }

            int slash = path.IndexOf('/');
            ReadOnlySpan<char> segment = slash < 0 ? path : path[..slash];
            more = slash >= 0;
            path = more ? path[(slash + 1)..] : [];
            if (literal is null ? segment.IsEmpty : !segment.Equals(literal, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return _catchAll || !more;
    }

    /// <summary>The literals of the segments, null for a parameter; null altogether where that does not say all.</summary>
    private static string?[]? PlainSegments(RoutePattern pattern, out bool catchAll)
    {
        catchAll = false;
        var segments = new List<string?>();
        foreach (RoutePatternPathSegment segment in pattern.PathSegments)
        {
            if (!segment.IsSimple)
            {
                return null;
            }

            switch (segment.Parts[0])
            {
                case RoutePatternLiteralPart literal:
                    segments.Add(literal.Content);
                    break;
                case RoutePatternParameterPart { IsOptional: false, Default: null } parameter when parameter.ParameterPolicies.Count == 0:
                    catchAll = parameter.IsCatchAll;
                    if (!catchAll)
                    {
                        segments.Add(null);
                    }

                    break;
                default:
                    return null;
            }
        }

        return [.. segments];
    }
}
