namespace Backpressure.Configuration;

/// <summary>One signal as validated.</summary>
internal sealed record SignalSettings
{
    public required string Name { get; init; }

    public required SignalKind Kind { get; init; }

    /// <summary>Empty but for an instrument.</summary>
    public required string Meter { get; init; }

    /// <summary>Empty but for an instrument.</summary>
    public required string Instrument { get; init; }

    public required ValueList<KeyValuePair<string, string>> Tags { get; init; }

    public required SignalAggregation Aggregation { get; init; }

    public required double Soft { get; init; }

    public required double Hard { get; init; }

    /// <summary>Zero: none.</summary>
    public required TimeSpan Smoothing { get; init; }

    public required TimeSpan StaleAfter { get; init; }

    public static SignalSettings Of(string name, SignalOptions options)
    {
        (double Soft, double Hard)? defaults = SignalRules.DefaultOf(options.Kind);
        return new SignalSettings
        {
            Name = name,
            Kind = options.Kind,
            Meter = options.Meter ?? string.Empty,
            Instrument = options.Instrument ?? string.Empty,
            Tags = new(options.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal)),
            Aggregation = options.Aggregation ?? SignalAggregation.Sum,
            Soft = options.Soft ?? defaults!.Value.Soft,
            Hard = options.Hard ?? defaults!.Value.Hard,
            Smoothing = options.Smoothing
                ?? (options.Kind is SignalKind.Cpu or SignalKind.GarbageCollection ? Bounds.DefaultSmoothing : TimeSpan.Zero),
            StaleAfter = options.StaleAfter ?? Bounds.DefaultStaleAfter,
        };
    }
}
