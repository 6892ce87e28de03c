using System.Collections.Frozen;
using Backpressure.Configuration;

namespace Backpressure.Http.Destinations;

/// <summary>One client's validated, immutable settings; a reload makes new ones.</summary>
internal sealed record ClientSettings
{
    private ClientSettings(ShedderSettings shedder) => Shedder = shedder;

    /// <summary>The settings of a shedder with one downstream and one policy: what each destination gets.</summary>
    public ShedderSettings Shedder { get; }

    /// <summary>The name of what all destinations share that have no gate of their own.</summary>
    public string OthersName => Shedder.DefaultPolicy.Name;

    public required Priority Priority { get; init; }

    public required double ThrottleRatio { get; init; }

    public required TimeSpan ThrottleWindow { get; init; }

    public required TimeSpan MaxRetryAfter { get; init; }

    public required bool Credits { get; init; }

    public required bool Propagate { get; init; }

    public required int MaxDestinations { get; init; }

    public required TimeSpan ForgetAfter { get; init; }

    public Func<HttpRequestMessage, string?>? RouteOf { get; init; }

    /// <summary>The longest wait of a call.</summary>
    public TimeSpan MaxWait => Shedder.DefaultPolicy.MaxWait;

    public bool Enforces => Shedder.Mode == BackpressureMode.Enforce;

    public bool IsOff => Shedder.Mode == BackpressureMode.Off;

    public static ClientSettings Of(string client, BackpressureClientOptions options)
    {
        var engine = new BackpressureOptions { Mode = options.Mode };
        engine.Downstreams[Bounds.DefaultName] = new DownstreamOptions { Limit = options.Limit, Queue = options.Queue };
        engine.Policies[Bounds.DefaultName] = new PolicyOptions { MaxWait = options.MaxWait, Priority = options.Priority };
        ShedderSettings built = SettingsFactory.Build(engine);
        string others = $"{client} others".TrimStart();
        PolicySettings policy = built.DefaultPolicy with { Name = others, Downstream = others };
        DownstreamSettings downstream = built.Downstreams[Bounds.DefaultName] with { Name = others };
        return new ClientSettings(built with
        {
            DefaultPolicy = policy,
            Policies = FrozenDictionary.ToFrozenDictionary([KeyValuePair.Create(others, policy)], StringComparer.OrdinalIgnoreCase),
            Downstreams = FrozenDictionary.ToFrozenDictionary([KeyValuePair.Create(others, downstream)], StringComparer.OrdinalIgnoreCase),
        })
        {
            Priority = options.Priority,
            ThrottleRatio = options.ThrottleRatio,
            ThrottleWindow = options.ThrottleWindow,
            MaxRetryAfter = options.MaxRetryAfter,
            Credits = options.Credits,
            Propagate = options.Propagate,
            MaxDestinations = options.MaxDestinations,
            ForgetAfter = options.ForgetAfter,
            RouteOf = options.RouteOf,
        };
    }
}
