using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Rejection;

/// <summary>
/// <c>RateLimit-Policy</c> and <c>RateLimit</c>, as structured fields. Source: draft-ietf-httpapi-ratelimit-headers-10.
/// </summary>
internal static class RateLimitHeaders
{
    private static readonly ConditionalWeakTable<RateLimitSettings, string> Policies = [];

    public static void Set(IHeaderDictionary headers, RateLimitStatus status)
    {
        headers["RateLimit-Policy"] = Policies.GetValue(status.Limit, PolicyOf);
        headers["RateLimit"] = ValueOf(status);
    }

    /// <summary>The quota and the window that it is for; concurrency has no window but a unit of its own.</summary>
    internal static string PolicyOf(RateLimitSettings limit)
    {
        string name = Quote(limit.Name);
        if (limit.Algorithm == RateLimitAlgorithm.Concurrency)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{name};q={limit.Permits};qu=\"concurrent-requests\"");
        }

        // A bucket's window is the time that it takes to fill it, so that quota ÷ window is the steady rate.
        double seconds = limit.Period.TotalSeconds * limit.Permits / limit.PermitsPerPeriod;
        return seconds < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{name};q={limit.Permits}")
            : string.Create(CultureInfo.InvariantCulture, $"{name};q={limit.Permits};w={Math.Ceiling(seconds):F0}");
    }

    internal static string ValueOf(RateLimitStatus status)
    {
        string name = Quote(status.Limit.Name);
        return status.Reset > TimeSpan.Zero
            ? string.Create(CultureInfo.InvariantCulture, $"{name};r={status.Remaining};t={Math.Ceiling(status.Reset.TotalSeconds):F0}")
            : string.Create(CultureInfo.InvariantCulture, $"{name};r={status.Remaining}");
    }

    /// <summary>A structured string holds printable ASCII only.</summary>
    internal static string Quote(string name)
    {
        var quoted = new StringBuilder(name.Length + 2).Append('"');
        foreach (char c in name)
        {
            if (c is '"' or '\\')
            {
                quoted.Append('\\');
            }

            quoted.Append(c is >= ' ' and <= '~' ? c : '?');
        }

        return quoted.Append('"').ToString();
    }
}
