using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Configuration;

/// <summary>What a route must keep to; the syntax of its template is checked where templates are understood.</summary>
internal static class RouteRules
{
    public static void Validate(string path, RouteOptions route, BackpressureOptions options, string root, OptionsErrors errors)
    {
        var policies = Join(root, nameof(options.Policies));
        var policy = Join(path, nameof(route.Policy));
        if (route.Policy is null)
        {
            errors.Add(policy, null, $"is required. Give it the name of a policy under {policies}, or Default.");
        }
        else
        {
            KnownName(errors, policy, route.Policy, options.Policies.Keys, policies, hasDefault: true);
        }

        var match = Join(path, nameof(route.Match));
        if (errors.Present(route.Match, match))
        {
            Validate(match, route.Match, errors);
        }
    }

    private static void Validate(string path, RouteMatchOptions match, OptionsErrors errors)
    {
        var template = Join(path, nameof(match.Path));
        if (match.Path is null)
        {
            errors.Add(template, null, "is required. Give it a route template such as /orders/{id} or, for all, /{**rest}.");
        }
        else if (!match.Path.StartsWith('/'))
        {
            errors.Add(template, OptionsErrors.Quote(match.Path), $"must start with a slash. Write \"/{match.Path.Trim().TrimStart('~', '/')}\".");
        }

        for (var i = 0; i < match.Methods.Count; i++)
        {
            if (!HeaderRules.IsToken(match.Methods[i]))
            {
                errors.Add(
                    Item(path, nameof(match.Methods), i), OptionsErrors.Quote(match.Methods[i]),
                    "must be one HTTP method. Write one an item, such as \"GET\".");
            }
        }

        for (var i = 0; i < match.Hosts.Count; i++)
        {
            if (!IsHost(match.Hosts[i]))
            {
                errors.Add(
                    Item(path, nameof(match.Hosts), i), OptionsErrors.Quote(match.Hosts[i]),
                    "must be a host name without scheme, port or path. Write for example \"shop.example\" or, for its subdomains, \"*.shop.example\".");
            }
        }
    }

    private static bool IsHost(string? host)
    {
        var name = host is not null && host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        return Uri.CheckHostName(name) is not UriHostNameType.Unknown;
    }

    private static string Item(string path, string list, int index) =>
        OptionsErrors.Invariant($"{Join(path, list)}:{index}");
}
