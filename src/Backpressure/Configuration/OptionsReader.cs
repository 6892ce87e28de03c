using Microsoft.Extensions.Configuration;

namespace Backpressure.Configuration;

/// <summary>
/// Reads a configuration section into options, on top of what they already hold, and collects every error. It walks
/// the section itself: the framework's binder stops at the first faulty object, names no path for unknown keys,
/// takes "99" for an enum and reads "500" as 500 days.
/// </summary>
/// <remarks>Only what can be seen at one key is judged here; ranges and references are <see cref="OptionsValidator"/>'s.</remarks>
internal static class OptionsReader
{
    /// <param name="configuration">The section, or a root that holds nothing else.</param>
    /// <param name="options">What is written into.</param>
    /// <param name="errors">Where the errors go.</param>
    /// <param name="others">A key below it that another package reads; null: none.</param>
    public static void Read(IConfiguration configuration, BackpressureOptions options, OptionsErrors errors, string? others = null)
    {
        var reader = new SectionReader(configuration, errors);
        if (others is not null)
        {
            reader.Object(others);
        }

        options.Mode = reader.Name<BackpressureMode>(nameof(options.Mode)) ?? options.Mode;
        options.DefaultPolicy = reader.Text(nameof(options.DefaultPolicy)) ?? options.DefaultPolicy;
        options.MaxConcurrentRequests = reader.Whole(nameof(options.MaxConcurrentRequests)) ?? options.MaxConcurrentRequests;
        options.PartitionBy = reader.Text(nameof(options.PartitionBy)) ?? options.PartitionBy;
        ReadNamed(reader, nameof(options.Downstreams), options.Downstreams, Read);
        ReadNamed(reader, nameof(options.Policies), options.Policies, Read);
        ReadNamed(reader, nameof(options.Routes), options.Routes, Read);
        ReadNamed(reader, nameof(options.RateLimits), options.RateLimits, Read);
        ReadNamed(reader, nameof(options.Signals), options.Signals, Read);
        if (reader.Object(nameof(options.PriorityHeader)) is { } priorityHeader)
        {
            Read(priorityHeader, options.PriorityHeader ??= new());
        }

        if (reader.Object(nameof(options.Deadline)) is { } deadline)
        {
            Read(deadline, options.Deadline ??= new());
        }

        reader.RefuseTheRest();
    }

    /// <summary>An entry that code has made already is amended, not replaced.</summary>
    private static void ReadNamed<T>(SectionReader reader, string key, IDictionary<string, T> target, Action<SectionReader, T> read)
        where T : class, new()
    {
        foreach (var (name, entry) in reader.Named(key))
        {
            if (!target.TryGetValue(name, out var value) || value is null)
            {
                target[name] = value = new T();
            }

            read(entry, value);
        }
    }

    private static void Read(SectionReader reader, DownstreamOptions downstream)
    {
        if (reader.Object(nameof(downstream.Limit)) is { } limit)
        {
            Read(limit, downstream.Limit ??= new());
        }

        if (reader.Object(nameof(downstream.Queue)) is { } queue)
        {
            Read(queue, downstream.Queue ??= new());
        }

        reader.List(nameof(downstream.Signals), downstream.Signals);
        downstream.MaxLongLived = reader.Whole(nameof(downstream.MaxLongLived)) ?? downstream.MaxLongLived;
        reader.RefuseTheRest();
    }

    internal static void Read(SectionReader reader, LimitOptions limit)
    {
        limit.Algorithm = reader.Name<LimitAlgorithm>(nameof(limit.Algorithm)) ?? limit.Algorithm;
        limit.Value = reader.Whole(nameof(limit.Value)) ?? limit.Value;
        limit.Initial = reader.Whole(nameof(limit.Initial)) ?? limit.Initial;
        limit.Min = reader.Whole(nameof(limit.Min)) ?? limit.Min;
        limit.Max = reader.Whole(nameof(limit.Max)) ?? limit.Max;
        reader.RefuseTheRest();
    }

    internal static void Read(SectionReader reader, QueueOptions queue)
    {
        queue.Capacity = reader.Whole(nameof(queue.Capacity)) ?? queue.Capacity;
        queue.BlockCapacity = reader.Whole(nameof(queue.BlockCapacity)) ?? queue.BlockCapacity;
        queue.MinShare = reader.Fraction(nameof(queue.MinShare)) ?? queue.MinShare;
        queue.ShedSameUsers = reader.Flag(nameof(queue.ShedSameUsers)) ?? queue.ShedSameUsers;
        queue.ProcessingOrder = reader.Name<ProcessingOrder>(nameof(queue.ProcessingOrder)) ?? queue.ProcessingOrder;
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, PolicyOptions policy)
    {
        policy.Priority = reader.Name<Priority>(nameof(policy.Priority)) ?? policy.Priority;
        policy.Overflow = reader.Name<Overflow>(nameof(policy.Overflow)) ?? policy.Overflow;
        policy.MaxWait = reader.Duration(nameof(policy.MaxWait)) ?? policy.MaxWait;
        policy.Downstream = reader.Text(nameof(policy.Downstream)) ?? policy.Downstream;
        policy.RateLimit = reader.Text(nameof(policy.RateLimit)) ?? policy.RateLimit;
        policy.PartitionBy = reader.Text(nameof(policy.PartitionBy)) ?? policy.PartitionBy;
        policy.Mode = reader.Name<BackpressureMode>(nameof(policy.Mode)) ?? policy.Mode;
        policy.HoldUntil = reader.Name<HoldUntil>(nameof(policy.HoldUntil)) ?? policy.HoldUntil;
        policy.Credits = reader.Name<CreditGrant>(nameof(policy.Credits)) ?? policy.Credits;
        policy.Cost = reader.Whole(nameof(policy.Cost)) ?? policy.Cost;
        policy.Exempt = reader.Flag(nameof(policy.Exempt)) ?? policy.Exempt;
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, RouteOptions route)
    {
        if (reader.Object(nameof(route.Match)) is { } match)
        {
            Read(match, route.Match ??= new());
        }

        route.Policy = reader.Text(nameof(route.Policy)) ?? route.Policy;
        route.Order = reader.Whole(nameof(route.Order)) ?? route.Order;
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, RouteMatchOptions match)
    {
        match.Path = reader.Text(nameof(match.Path)) ?? match.Path;
        reader.List(nameof(match.Methods), match.Methods);
        reader.List(nameof(match.Hosts), match.Hosts);
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, RateLimitOptions rateLimit)
    {
        rateLimit.Algorithm = reader.Name<RateLimitAlgorithm>(nameof(rateLimit.Algorithm)) ?? rateLimit.Algorithm;
        rateLimit.Scope = reader.Name<RateLimitScope>(nameof(rateLimit.Scope)) ?? rateLimit.Scope;
        rateLimit.PartitionBy = reader.Text(nameof(rateLimit.PartitionBy)) ?? rateLimit.PartitionBy;
        rateLimit.TokenLimit = reader.Whole(nameof(rateLimit.TokenLimit)) ?? rateLimit.TokenLimit;
        rateLimit.TokensPerPeriod = reader.Whole(nameof(rateLimit.TokensPerPeriod)) ?? rateLimit.TokensPerPeriod;
        rateLimit.ReplenishmentPeriod = reader.Duration(nameof(rateLimit.ReplenishmentPeriod)) ?? rateLimit.ReplenishmentPeriod;
        rateLimit.PermitLimit = reader.Whole(nameof(rateLimit.PermitLimit)) ?? rateLimit.PermitLimit;
        rateLimit.Window = reader.Duration(nameof(rateLimit.Window)) ?? rateLimit.Window;
        rateLimit.SegmentsPerWindow = reader.Whole(nameof(rateLimit.SegmentsPerWindow)) ?? rateLimit.SegmentsPerWindow;
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, SignalOptions signal)
    {
        signal.Kind = reader.Name<SignalKind>(nameof(signal.Kind)) ?? signal.Kind;
        signal.Meter = reader.Text(nameof(signal.Meter)) ?? signal.Meter;
        signal.Instrument = reader.Text(nameof(signal.Instrument)) ?? signal.Instrument;
        reader.Texts(nameof(signal.Tags), signal.Tags);
        signal.Aggregation = reader.Name<SignalAggregation>(nameof(signal.Aggregation)) ?? signal.Aggregation;
        signal.Soft = reader.Fraction(nameof(signal.Soft)) ?? signal.Soft;
        signal.Hard = reader.Fraction(nameof(signal.Hard)) ?? signal.Hard;
        signal.Smoothing = reader.Duration(nameof(signal.Smoothing)) ?? signal.Smoothing;
        signal.StaleAfter = reader.Duration(nameof(signal.StaleAfter)) ?? signal.StaleAfter;
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, PriorityHeaderOptions header)
    {
        header.Lower = reader.Flag(nameof(header.Lower)) ?? header.Lower;
        header.Name = reader.Text(nameof(header.Name)) ?? header.Name;
        reader.List(nameof(header.KnownIPNetworks), header.KnownIPNetworks);
        header.Claim = reader.Text(nameof(header.Claim)) ?? header.Claim;
        reader.RefuseTheRest();
    }

    private static void Read(SectionReader reader, DeadlineOptions deadline)
    {
        deadline.GrpcTimeoutHeader = reader.Text(nameof(deadline.GrpcTimeoutHeader), mayBeEmpty: true) ?? deadline.GrpcTimeoutHeader;
        deadline.MillisecondsHeader = reader.Text(nameof(deadline.MillisecondsHeader), mayBeEmpty: true) ?? deadline.MillisecondsHeader;
        reader.RefuseTheRest();
    }
}
