using System.Net;
using System.Security.Claims;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Classification;

/// <summary>
/// What a request's own headers may do to its priority: anybody may lower it (where that is switched on), only who is
/// known may raise it. What cannot be read counts as not sent.
/// </summary>
internal static class PriorityHeaders
{
    private const string LowerHeader = "Priority";

    /// <summary>The priority that the headers ask for and may have; null: the one it has.</summary>
    public static Priority? Read(HttpContext context, PriorityHeaderSettings settings, Priority priority)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if ((settings.KnownIPNetworks.Count > 0 || settings.ClaimType is not null)
            && headers.TryGetValue(settings.Name, out StringValues named)
            && TryParseName(named, out Priority asked)
            && IsKnown(context, settings))
        {
            return asked;
        }

        return settings.Lower && headers.TryGetValue(LowerHeader, out StringValues field)
            ? Lower(priority, UrgencyOf(field))
            : null;
    }

    /// <summary>Whether somebody who is trusted says that other requests wait for this one.</summary>
    public static bool IsNested(HttpContext context, PriorityHeaderSettings settings) =>
        (settings.KnownIPNetworks.Count > 0 || settings.ClaimType is not null)
        && context.Request.Headers.ContainsKey(CallChain.Header)
        && IsKnown(context, settings);

    /// <summary>
    /// RFC 9218 speaks of the order of responses within one client, so its urgency moves a request within what the
    /// policy gave it: 0–3 (3 is the default) leave it, 4 and 5 take one level, 6 and 7 all.
    /// </summary>
    internal static Priority? Lower(Priority priority, int? urgency) => urgency switch
    {
        4 or 5 => (Priority)Math.Min((int)priority + 1, (int)Priority.Low),
        6 or 7 => Priority.Low,
        _ => null,
    };

    /// <summary>The member <c>u</c> of the structured dictionary, 0 to 7; null when it has none that can be read.</summary>
    internal static int? UrgencyOf(StringValues field)
    {
        int? urgency = null;
        for (int i = 0; i < field.Count; i++)
        {
            ReadOnlySpan<char> value = field[i];
            foreach (Range range in value.Split(','))
            {
                ReadOnlySpan<char> member = value[range].Trim(" \t");
                int parameters = member.IndexOf(';');
                member = parameters < 0 ? member : member[..parameters].TrimEnd(" \t");
                if (member is ['u'] || member.StartsWith("u="))
                {
                    // RFC 8941: of a key given twice the last counts, also when it is of no use.
                    urgency = member is ['u', '=', >= '0' and <= '7'] ? member[2] - '0' : null;
                }
            }
        }

        return urgency;
    }

    /// <summary>One name of <see cref="Priority"/>, without case; no number, since an enum's parser would take 7.</summary>
    internal static bool TryParseName(StringValues value, out Priority priority)
    {
        if (value.Count == 1)
        {
            ReadOnlySpan<char> name = value[0].AsSpan().Trim(" \t");
            for (priority = Priority.Critical; priority <= Priority.Low; priority++)
            {
                if (name.Equals(NameOf(priority), StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        priority = default;
        return false;
    }

    private static string NameOf(Priority priority) => priority switch
    {
        Priority.Critical => nameof(Priority.Critical),
        Priority.High => nameof(Priority.High),
        Priority.Low => nameof(Priority.Low),
        _ => nameof(Priority.Normal),
    };

    /// <summary>Whether somebody is trusted, by his network or his claim.</summary>
    internal static bool IsKnown(HttpContext context, PriorityHeaderSettings settings)
    {
        if (settings.ClaimType is { } type && context.User is { Identity.IsAuthenticated: true } user)
        {
            if (settings.ClaimValue is { } value ? user.HasClaim(type, value) : user.FindFirst(type) is not null)
            {
                return true;
            }
        }

        if (context.Connection.RemoteIpAddress is not { } address)
        {
            return false;
        }

        // A dual-stack socket tells of an IPv4 peer as ::ffff:10.1.2.3, which no IPv4 network contains.
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        IReadOnlyList<System.Net.IPNetwork> networks = settings.KnownIPNetworks;
        for (int i = 0; i < networks.Count; i++)
        {
            if (networks[i].Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
