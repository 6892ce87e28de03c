using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace Backpressure.Configuration;

/// <summary>The one way from options and configuration to settings: read, validate, and only then build.</summary>
internal static class SettingsFactory
{
    /// <summary>The path that errors are named under when options come from code alone.</summary>
    public const string DefaultRoot = "Backpressure";

    /// <summary>Settings from options that code has made.</summary>
    /// <param name="options">The options.</param>
    /// <param name="onlyNamed">
    /// Leaves out the downstream and the policy that otherwise always exist, for a gate of our own that names all that it uses: nobody shall
    /// see there what nobody has configured.
    /// </param>
    /// <param name="hasFleetStore">Whether there is a store for limits that a fleet shares.</param>
    /// <exception cref="BackpressureOptionsException">The options are wrong; it names every error.</exception>
    public static ShedderSettings Build(BackpressureOptions options, bool onlyNamed = false, bool hasFleetStore = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new OptionsErrors();
        OptionsValidator.Validate(options, DefaultRoot, errors, hasFleetStore);
        errors.ThrowIfAny();
        return Make(options, onlyNamed);
    }

    /// <summary>Settings from configuration, for a start that must fail when it is wrong.</summary>
    /// <param name="configuration">The section, or a root that holds nothing else.</param>
    /// <param name="onto">
    /// What code has set before configuration: a fresh instance each time, since configuration is written into it.
    /// Null: the defaults.
    /// </param>
    /// <exception cref="BackpressureOptionsException">The configuration is wrong; it names every error.</exception>
    public static ShedderSettings Build(IConfiguration configuration, BackpressureOptions? onto = null) =>
        TryBuild(configuration, onto, out var settings, out var errors) ? settings : throw new BackpressureOptionsException(errors);

    /// <summary>As <see cref="Build(IConfiguration, BackpressureOptions?)"/>, for a reload, which keeps the last good settings.</summary>
    public static bool TryBuild(
        IConfiguration configuration,
        BackpressureOptions? onto,
        [NotNullWhen(true)] out ShedderSettings? settings,
        out IReadOnlyList<string> errors,
        FleetStoreSection? fleet = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = onto ?? new BackpressureOptions();
        var collected = new OptionsErrors();
        OptionsReader.Read(configuration, options, collected, fleet?.Key);
        OptionsValidator.Validate(options, (configuration as IConfigurationSection)?.Path ?? string.Empty, collected, fleet is not null);
        errors = collected.Texts;
        settings = collected.Count == 0 ? Make(options) : null;
        return settings is not null;
    }

    private static ShedderSettings Make(BackpressureOptions options, bool onlyNamed = false)
    {
        var everybody = PartitionGrammar.Parse(options.PartitionBy)!;
        var rateLimits = ByName(options.RateLimits.Select(pair => Make(pair.Key, pair.Value, everybody)), limit => limit.Name);
        var signals = ByName(options.Signals.Select(pair => SignalSettings.Of(pair.Key, pair.Value)), signal => signal.Name);
        var downstreams = ByName(
            WithDefault(options.Downstreams, onlyNamed).Select(pair => Make(pair.Key, pair.Value, signals)), downstream => downstream.Name);
        PriorityHeaderSettings header = Make(options.PriorityHeader);
        bool knowsNobody = header.KnownIPNetworks.Count == 0 && header.ClaimType is null;
        var policies = ByName(
            WithDefault(options.Policies, onlyNamed).Select(pair => Make(pair.Key, pair.Value, options.Mode, everybody, downstreams, rateLimits) with
            {
                Credits = knowsNobody && pair.Value.Credits == CreditGrant.Known ? CreditGrant.Nobody : pair.Value.Credits,
            }),
            policy => policy.Name);
        return new ShedderSettings
        {
            Mode = options.Mode,
            DefaultPolicy = policies[options.DefaultPolicy],
            MaxConcurrentRequests = options.MaxConcurrentRequests,
            Downstreams = downstreams,
            Policies = policies,
            RateLimits = rateLimits,
            Signals = signals,
            Routes = new ValueList<RouteSettings>(options.Routes
                .Select(pair => Make(pair.Key, pair.Value, policies))
                .OrderBy(route => route.Order)
                .ThenBy(route => route.Name, StringComparer.OrdinalIgnoreCase)),
            PriorityHeader = header,
            Deadline = new DeadlineSettings
            {
                GrpcTimeoutHeader = options.Deadline.GrpcTimeoutHeader,
                MillisecondsHeader = options.Deadline.MillisecondsHeader,
            },
        };
    }

    private static DownstreamSettings Make(
        string name, DownstreamOptions downstream, FrozenDictionary<string, SignalSettings> signals) => new()
        {
            Name = name,
            Limit = Make(downstream.Limit),
            Queue = new QueueSettings
            {
                Capacity = downstream.Queue.Capacity,
                BlockCapacity = downstream.Queue.BlockCapacity,
                MinShare = downstream.Queue.MinShare,
                ProcessingOrder = downstream.Queue.ProcessingOrder,
                ShedSameUsers = downstream.Queue.ShedSameUsers,
            },
            MaxLongLived = downstream.MaxLongLived,
            Signals = new(downstream.Signals.Select(signal => signals[signal].Name).Distinct(StringComparer.OrdinalIgnoreCase)),
            HeedsThreadPool = downstream.Signals.Any(signal => signals[signal].Kind == SignalKind.ThreadPoolDelay),
        };

    private static LimitSettings Make(LimitOptions limit)
    {
        if (limit.Algorithm == LimitAlgorithm.Fixed)
        {
            var value = limit.Value!.Value;
            return new LimitSettings { Algorithm = limit.Algorithm, Initial = value, Min = value, Max = value };
        }

        var min = limit.Min ?? Bounds.DefaultMin;
        var max = limit.Max ?? Bounds.DefaultMax;
        return new LimitSettings
        {
            Algorithm = limit.Algorithm,
            Initial = limit.Initial ?? Math.Clamp(Bounds.DefaultInitial, min, max),
            Min = min,
            Max = max,
        };
    }

    private static PolicySettings Make(
        string name,
        PolicyOptions policy,
        BackpressureMode whole,
        PartitionSettings everybody,
        FrozenDictionary<string, DownstreamSettings> downstreams,
        FrozenDictionary<string, RateLimitSettings> rateLimits) => new()
        {
            Name = name,
            Priority = policy.Priority,
            Overflow = policy.Overflow,
            MaxWait = policy.Overflow switch
            {
                Overflow.Reject => TimeSpan.Zero,
                Overflow.Block => policy.MaxWait ?? Bounds.DefaultBlockWait,
                _ => policy.MaxWait ?? Bounds.DefaultShedWait,
            },
            Downstream = downstreams[policy.Downstream].Name, // As it was declared, whatever the case of the reference.
            RateLimit = policy.RateLimit is null ? null : rateLimits[policy.RateLimit],
            Mode = Lesser(policy.Mode ?? whole, whole),
            HoldUntil = policy.HoldUntil,
            Cost = policy.Cost,
            PartitionBy = policy.PartitionBy is null ? everybody : PartitionGrammar.Parse(policy.PartitionBy)!,
            Exempt = policy.Exempt,
        };

    /// <summary>Enforcing is the most that can be done, then observing, then nothing: the enum is in that order.</summary>
    private static BackpressureMode Lesser(BackpressureMode one, BackpressureMode other) => one > other ? one : other;

    private static RouteSettings Make(string name, RouteOptions route, FrozenDictionary<string, PolicySettings> policies) => new()
    {
        Name = name,
        Path = route.Match.Path!,
        Methods = new ValueList<string>(route.Match.Methods.Select(method => method.ToUpperInvariant())),
        Hosts = new ValueList<string>(route.Match.Hosts),
        Policy = policies[route.Policy!].Name,
        Order = route.Order,
    };

    private static RateLimitSettings Make(string name, RateLimitOptions limit, PartitionSettings everybody)
    {
        var permits = limit.TokenLimit ?? limit.PermitLimit!.Value;
        return new RateLimitSettings
        {
            Name = name,
            Algorithm = limit.Algorithm,
            Scope = limit.Scope,
            PartitionBy = limit.PartitionBy is null ? everybody : PartitionGrammar.Parse(limit.PartitionBy)!,
            Permits = permits,
            PermitsPerPeriod = limit.TokensPerPeriod ?? permits,
            Period = limit.Algorithm switch
            {
                RateLimitAlgorithm.TokenBucket => limit.ReplenishmentPeriod ?? Bounds.DefaultPeriod,
                RateLimitAlgorithm.Concurrency => TimeSpan.Zero,
                _ => limit.Window ?? Bounds.DefaultPeriod,
            },
            SegmentsPerWindow = limit.Algorithm == RateLimitAlgorithm.SlidingWindow ? limit.SegmentsPerWindow ?? Bounds.DefaultSegments : 1,
        };
    }

    private static PriorityHeaderSettings Make(PriorityHeaderOptions header)
    {
        var hasClaim = HeaderRules.TrySplitClaim(header.Claim ?? string.Empty, out var type, out var value);
        return new PriorityHeaderSettings
        {
            Lower = header.Lower,
            Name = header.Name,
            KnownIPNetworks = new ValueList<IPNetwork>(header.KnownIPNetworks.Select(network => IPNetwork.Parse(network))),
            ClaimType = hasClaim ? type : null,
            ClaimValue = hasClaim ? value : null,
        };
    }

    private static IEnumerable<KeyValuePair<string, T>> WithDefault<T>(IDictionary<string, T> entries, bool onlyNamed)
        where T : new() =>
        onlyNamed || entries.ContainsKey(Bounds.DefaultName) ? entries : entries.Append(new(Bounds.DefaultName, new T()));

    private static FrozenDictionary<string, T> ByName<T>(IEnumerable<T> entries, Func<T, string> name) =>
        entries.ToFrozenDictionary(name, StringComparer.OrdinalIgnoreCase);
}
