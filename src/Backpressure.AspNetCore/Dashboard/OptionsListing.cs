using System.Globalization;
using Backpressure.Configuration;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>Every key of the options with its value: only what is listed here is ever shown. Written out, since reflection is not for trimmed applications.</summary>
internal static class OptionsListing
{
    private static readonly BackpressureOptions Initial = new();
    private static readonly DownstreamOptions InitialDownstream = new();
    private static readonly PolicyOptions InitialPolicy = new();
    private static readonly RouteOptions InitialRoute = new();
    private static readonly RateLimitOptions InitialRateLimit = new();
    private static readonly SignalOptions InitialSignal = new();

    public static IEnumerable<OptionRow> Of(BackpressureOptions options) =>
    [
        Row(nameof(options.Mode), options.Mode, Initial.Mode),
        Row(nameof(options.DefaultPolicy), options.DefaultPolicy, Initial.DefaultPolicy),
        Row(nameof(options.MaxConcurrentRequests), options.MaxConcurrentRequests, Initial.MaxConcurrentRequests, "none"),
        Row(nameof(options.PartitionBy), options.PartitionBy, Initial.PartitionBy),
        .. Named(nameof(options.Downstreams), options.Downstreams, static (name, downstream) => Of(name, downstream)),
        .. Named(nameof(options.Policies), options.Policies, (name, policy) => Of(name, policy, options.Mode)),
        .. Named(nameof(options.Routes), options.Routes, static (name, route) => Of(name, route)),
        .. Named(nameof(options.RateLimits), options.RateLimits, static (name, limit) => Of(name, limit)),
        .. Named(nameof(options.Signals), options.Signals, static (name, signal) => Of(name, signal)),
        Row("PriorityHeader:Lower", options.PriorityHeader.Lower, Initial.PriorityHeader.Lower),
        Row("PriorityHeader:Name", options.PriorityHeader.Name, Initial.PriorityHeader.Name),
        Row("PriorityHeader:KnownIPNetworks", List(options.PriorityHeader.KnownIPNetworks), null, "none: nobody"),
        Row("PriorityHeader:Claim", ClaimOf(options.PriorityHeader.Claim), null, "none: nobody"),
        Row("Deadline:GrpcTimeoutHeader", options.Deadline.GrpcTimeoutHeader, Initial.Deadline.GrpcTimeoutHeader),
        Row("Deadline:MillisecondsHeader", options.Deadline.MillisecondsHeader, Initial.Deadline.MillisecondsHeader),
    ];

    private static IEnumerable<OptionRow> Of(string at, DownstreamOptions downstream)
    {
        LimitOptions limit = downstream.Limit;
        QueueOptions queue = downstream.Queue;
        bool isFixed = limit.Algorithm == LimitAlgorithm.Fixed;
        yield return Row($"{at}:Limit:Algorithm", limit.Algorithm, InitialDownstream.Limit.Algorithm);
        if (isFixed)
        {
            yield return Row($"{at}:Limit:Value", limit.Value, null);
        }
        else
        {
            int min = limit.Min ?? Bounds.DefaultMin;
            int max = limit.Max ?? Bounds.DefaultMax;
            yield return Row($"{at}:Limit:Initial", limit.Initial, null, Show(Math.Clamp(Bounds.DefaultInitial, min, Math.Max(min, max))));
            yield return Row($"{at}:Limit:Min", limit.Min, null, Show(min));
            yield return Row($"{at}:Limit:Max", limit.Max, null, Show(max));
        }

        yield return Row($"{at}:Queue:Capacity", queue.Capacity, null, "twice the limit, at least 16");
        yield return Row($"{at}:Queue:BlockCapacity", queue.BlockCapacity, InitialDownstream.Queue.BlockCapacity);
        yield return Row($"{at}:Queue:MinShare", queue.MinShare, InitialDownstream.Queue.MinShare);
        yield return Row($"{at}:Queue:ProcessingOrder", queue.ProcessingOrder, InitialDownstream.Queue.ProcessingOrder);
        yield return Row($"{at}:Queue:ShedSameUsers", queue.ShedSameUsers, InitialDownstream.Queue.ShedSameUsers);
        yield return Row($"{at}:MaxLongLived", downstream.MaxLongLived, InitialDownstream.MaxLongLived);
        yield return Row($"{at}:Signals", List(downstream.Signals), null, "none");
    }

    private static IEnumerable<OptionRow> Of(string at, PolicyOptions policy, BackpressureMode whole)
    {
        TimeSpan wait = policy.Overflow == Overflow.Block ? Bounds.DefaultBlockWait : Bounds.DefaultShedWait;
        yield return Row($"{at}:Priority", policy.Priority, InitialPolicy.Priority);
        yield return Row($"{at}:Overflow", policy.Overflow, InitialPolicy.Overflow);
        if (policy.Overflow != Overflow.Reject)
        {
            yield return Row($"{at}:MaxWait", policy.MaxWait, null, Show(wait));
        }

        yield return Row($"{at}:Downstream", policy.Downstream, InitialPolicy.Downstream);
        yield return Row($"{at}:RateLimit", policy.RateLimit, null, "none");
        yield return Row($"{at}:Mode", policy.Mode, null, $"as Mode: {whole}");
        yield return Row($"{at}:HoldUntil", policy.HoldUntil, InitialPolicy.HoldUntil);
        yield return Row($"{at}:Credits", policy.Credits, InitialPolicy.Credits);
        yield return Row($"{at}:Cost", policy.Cost, InitialPolicy.Cost);
        yield return Row($"{at}:PartitionBy", policy.PartitionBy, null, "as PartitionBy");
        yield return Row($"{at}:Exempt", policy.Exempt, InitialPolicy.Exempt);
    }

    private static IEnumerable<OptionRow> Of(string at, RouteOptions route)
    {
        yield return Row($"{at}:Match:Path", route.Match.Path, null);
        yield return Row($"{at}:Match:Methods", List(route.Match.Methods), null, "any");
        yield return Row($"{at}:Match:Hosts", List(route.Match.Hosts), null, "any");
        yield return Row($"{at}:Policy", route.Policy, null);
        yield return Row($"{at}:Order", route.Order, InitialRoute.Order);
    }

    private static IEnumerable<OptionRow> Of(string at, RateLimitOptions limit)
    {
        yield return Row($"{at}:Algorithm", limit.Algorithm, InitialRateLimit.Algorithm);
        yield return Row($"{at}:Scope", limit.Scope, InitialRateLimit.Scope);
        yield return Row($"{at}:PartitionBy", limit.PartitionBy, null, "as PartitionBy");
        if (limit.Algorithm == RateLimitAlgorithm.TokenBucket)
        {
            yield return Row($"{at}:TokenLimit", limit.TokenLimit, null);
            yield return Row($"{at}:TokensPerPeriod", limit.TokensPerPeriod, null);
            yield return Row($"{at}:ReplenishmentPeriod", limit.ReplenishmentPeriod, null, Show(Bounds.DefaultPeriod));
            yield break;
        }

        yield return Row($"{at}:PermitLimit", limit.PermitLimit, null);
        if (limit.Algorithm != RateLimitAlgorithm.Concurrency)
        {
            yield return Row($"{at}:Window", limit.Window, null, Show(Bounds.DefaultPeriod));
        }

        if (limit.Algorithm == RateLimitAlgorithm.SlidingWindow)
        {
            yield return Row($"{at}:SegmentsPerWindow", limit.SegmentsPerWindow, null, Show(Bounds.DefaultSegments));
        }
    }

    private static IEnumerable<OptionRow> Of(string at, SignalOptions signal)
    {
        SignalSettings settings = SignalSettings.Of(at, signal);
        yield return Row($"{at}:Kind", signal.Kind, InitialSignal.Kind);
        if (signal.Kind == SignalKind.Instrument)
        {
            yield return Row($"{at}:Meter", signal.Meter, null);
            yield return Row($"{at}:Instrument", signal.Instrument, null);
            yield return Row($"{at}:Tags", List(signal.Tags.Select(static tag => $"{tag.Key}={tag.Value}")), null, "all");
            yield return Row($"{at}:Aggregation", signal.Aggregation, null, Show(settings.Aggregation));
        }

        yield return Row($"{at}:Soft", signal.Soft, null, Show(settings.Soft));
        yield return Row($"{at}:Hard", signal.Hard, null, Show(settings.Hard));
        yield return Row($"{at}:Smoothing", signal.Smoothing, null, Show(settings.Smoothing));
        yield return Row($"{at}:StaleAfter", signal.StaleAfter, null, Show(settings.StaleAfter));
    }

    private static IEnumerable<OptionRow> Named<T>(string section, IDictionary<string, T> entries, Func<string, T, IEnumerable<OptionRow>> of) =>
        entries.OrderBy(static entry => entry.Key, StringComparer.OrdinalIgnoreCase).SelectMany(entry => of($"{section}:{entry.Key}", entry.Value));

    private static OptionRow Row(string key, object? value, object? initial, string leftOut = "") =>
        new(key, value is null ? leftOut : Show(value), Equals(value, initial));

    // Who holds the claim may raise priorities: its type says enough to an operator.
    private static string? ClaimOf(string? claim) =>
        claim is null ? null : claim.IndexOf('=', StringComparison.Ordinal) is >= 0 and int at ? $"{claim[..at]}=(hidden)" : claim;

    private static string? List(IEnumerable<string> values) => string.Join(", ", values) is { Length: > 0 } list ? list : null;

    private static string Show(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        TimeSpan duration => OptionsErrors.Show(duration),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
