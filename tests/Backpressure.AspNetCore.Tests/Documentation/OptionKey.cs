using System.Collections;
using System.Globalization;
using System.Reflection;
using Backpressure.Configuration;

namespace Backpressure.AspNetCore.Tests.Documentation;

/// <summary>One key of the configuration, found by reflection over the options.</summary>
/// <param name="Path">Its path; names of maps' entries as <c>{name}</c>.</param>
/// <param name="Name">The property's.</param>
/// <param name="Type">The property's, without nullability.</param>
/// <param name="Default">What README's table must say of its default.</param>
internal sealed record OptionKey(string Path, string Name, Type Type, string Default)
{
    /// <summary>What leaving a nullable key out comes to: the engine's own bounds, in README's words.</summary>
    private static readonly Dictionary<string, string> WhenLeftOut = new(StringComparer.Ordinal)
    {
        ["MaxConcurrentRequests"] = "none",
        ["Downstreams:{name}:Limit:Value"] = "required by `Fixed`",
        ["Downstreams:{name}:Limit:Initial"] = Code(Bounds.DefaultInitial),
        ["Downstreams:{name}:Limit:Min"] = Code(Bounds.DefaultMin),
        ["Downstreams:{name}:Limit:Max"] = Code(Bounds.DefaultMax),
        ["Downstreams:{name}:Queue:Capacity"] = $"twice the limit, at least {Code(SettingsFactory.Build(new BackpressureOptions()).Downstreams["Default"].Queue.CapacityAt(1))}",
        ["Downstreams:{name}:Signals"] = "none",
        ["Signals:{name}:Meter"] = "required by `Instrument`",
        ["Signals:{name}:Instrument"] = "required by `Instrument`",
        ["Signals:{name}:Tags"] = "none: all",
        ["Signals:{name}:Aggregation"] = Code(SignalAggregation.Sum),
        ["Signals:{name}:Soft"] = "by its kind, else required",
        ["Signals:{name}:Hard"] = "by its kind, else required",
        ["Signals:{name}:Smoothing"] = $"{Code(Bounds.DefaultSmoothing)} for `Cpu` and `GarbageCollection`, else none",
        ["Signals:{name}:StaleAfter"] = Code(Bounds.DefaultStaleAfter),
        ["Policies:{name}:MaxWait"] = $"{Code(Bounds.DefaultShedWait)} for `Shed`, {Code(Bounds.DefaultBlockWait)} for `Block`",
        ["Policies:{name}:RateLimit"] = "none",
        ["Policies:{name}:Mode"] = "as `Mode`",
        ["Routes:{name}:Match:Path"] = "required",
        ["Routes:{name}:Policy"] = "required",
        ["RateLimits:{name}:PartitionBy"] = "as `PartitionBy`",
        ["Policies:{name}:PartitionBy"] = "as `PartitionBy`",
        ["RateLimits:{name}:TokenLimit"] = "required by `TokenBucket`",
        ["RateLimits:{name}:TokensPerPeriod"] = "required by `TokenBucket`",
        ["RateLimits:{name}:ReplenishmentPeriod"] = Code(Bounds.DefaultPeriod),
        ["RateLimits:{name}:PermitLimit"] = "required by the other three",
        ["RateLimits:{name}:Window"] = Code(Bounds.DefaultPeriod),
        ["RateLimits:{name}:SegmentsPerWindow"] = Code(Bounds.DefaultSegments),
        ["Routes:{name}:Match:Methods"] = "none: any",
        ["Routes:{name}:Match:Hosts"] = "none: any",
        ["PriorityHeader:KnownIPNetworks"] = "none: nobody",
        ["PriorityHeader:Claim"] = "none: nobody",
    };

    public static IReadOnlyList<OptionKey> All() => [.. Of(new BackpressureOptions(), "")];

    private static IEnumerable<OptionKey> Of(object options, string prefix)
    {
        foreach (PropertyInfo property in options.GetType().GetProperties())
        {
            string path = prefix + property.Name;
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            object? value = property.GetValue(options);
            if (value is IDictionary and not IDictionary<string, string>)
            {
                object entry = Activator.CreateInstance(type.GetGenericArguments()[1])!;
                foreach (OptionKey key in Of(entry, path + ":{name}:"))
                {
                    yield return key;
                }
            }
            else if (value is not null && type.Assembly == typeof(BackpressureOptions).Assembly && !type.IsEnum)
            {
                foreach (OptionKey key in Of(value, path + ":"))
                {
                    yield return key;
                }
            }
            else
            {
                bool leftOut = value is null or IList { Count: 0 } or IDictionary { Count: 0 };
                yield return new OptionKey(path, property.Name, type, leftOut ? WhenLeftOut[path] : Code(value!));
            }
        }
    }

    private static string Code(object value) => value switch
    {
        bool flag => flag ? "`true`" : "`false`",
        TimeSpan duration => $"`{OptionsErrors.Show(duration)}`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };
}
