using System.Globalization;

namespace Backpressure.Configuration;

/// <summary>
/// Checks options, wherever they came from, and collects every error. Nothing is put right silently: a value out of
/// its range is an error, never the nearest bound.
/// </summary>
internal static class OptionsValidator
{
    /// <param name="options">What to check.</param>
    /// <param name="root">The path that all keys are named under; empty for none.</param>
    /// <param name="errors">Where the errors go.</param>
    /// <param name="hasFleetStore">Whether there is a store for limits that a fleet shares.</param>
    public static void Validate(BackpressureOptions options, string root, OptionsErrors errors, bool hasFleetStore = false)
    {
        errors.Defined<BackpressureMode>(Join(root, nameof(options.Mode)), options.Mode);
        KnownName(
            errors, Join(root, nameof(options.DefaultPolicy)), options.DefaultPolicy, options.Policies.Keys, Join(root, nameof(options.Policies)), hasDefault: true);
        errors.Range(
            Join(root, nameof(options.MaxConcurrentRequests)), options.MaxConcurrentRequests, 1, Bounds.MaxCount,
            "Choose a number in that range, or leave it out for no ceiling.");
        PartitionGrammar.Validate(errors, Join(root, nameof(options.PartitionBy)), options.PartitionBy);

        Each(errors, Join(root, nameof(options.Downstreams)), options.Downstreams, (path, downstream, all) => DownstreamRules.Validate(path, downstream, options, root, all));
        Each(errors, Join(root, nameof(options.Signals)), options.Signals, SignalRules.Validate);
        Each(errors, Join(root, nameof(options.Policies)), options.Policies, (path, policy, all) => PolicyRules.Validate(path, policy, options, root, all));
        Each(errors, Join(root, nameof(options.Routes)), options.Routes, (path, route, all) => RouteRules.Validate(path, route, options, root, all));
        Each(errors, Join(root, nameof(options.RateLimits)), options.RateLimits, (path, limit, all) => RateLimitRules.Validate(path, limit, hasFleetStore, all));

        var priorityHeader = Join(root, nameof(options.PriorityHeader));
        if (errors.Present(options.PriorityHeader, priorityHeader))
        {
            HeaderRules.Validate(priorityHeader, options.PriorityHeader, errors);
        }

        var deadline = Join(root, nameof(options.Deadline));
        if (errors.Present(options.Deadline, deadline))
        {
            HeaderRules.Validate(deadline, options.Deadline, errors);
        }
    }

    public static string Join(string path, string key) => path.Length == 0 ? key : path + ":" + key;

    /// <summary>Checks that a name refers to something that exists.</summary>
    /// <param name="errors">Where the error goes.</param>
    /// <param name="path">The key that refers.</param>
    /// <param name="name">The name it gives.</param>
    /// <param name="known">Names that exist.</param>
    /// <param name="where">The path of the map that they are the keys of.</param>
    /// <param name="hasDefault">Whether <c>Default</c> exists although nobody defined it.</param>
    public static void KnownName(OptionsErrors errors, string path, string? name, ICollection<string> known, string where, bool hasDefault)
    {
        var all = hasDefault ? known.Append(Bounds.DefaultName).Distinct(StringComparer.OrdinalIgnoreCase).ToList() : [.. known];
        if (string.IsNullOrWhiteSpace(name))
        {
            errors.Add(path, OptionsErrors.Quote(name), $"must be a name under {where}. Write one{(hasDefault ? ", or leave it out for Default" : string.Empty)}.");
        }
        else if (!all.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            var wayOut = NearestName.Question(name, all) ?? $"Define {Join(where, name)}.";
            var exist = all.Count == 0 ? "none exists" : "these exist: " + string.Join(", ", all.Order(StringComparer.OrdinalIgnoreCase));
            errors.Add(path, OptionsErrors.Quote(name), $"must be a name under {where}; {exist}. {wayOut}");
        }
    }

    /// <summary>Names become tags of instruments and parts of paths.</summary>
    private static void Each<T>(OptionsErrors errors, string path, IDictionary<string, T> entries, Action<string, T, OptionsErrors> validate)
        where T : class
    {
        foreach (var (name, entry) in entries.OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase))
        {
            var itsPath = Join(path, name);
            if (name.Length is 0 or > Bounds.MaxNameLength || name.Trim().Length != name.Length || name.Contains(':', StringComparison.Ordinal))
            {
                errors.Add(itsPath, OptionsErrors.Quote(name), string.Create(
                    CultureInfo.InvariantCulture,
                    $"has a name that cannot be used: 1 to {Bounds.MaxNameLength} characters, no colon, no space at either end. Rename it."));
            }
            else if (errors.Present(entry, itsPath))
            {
                validate(itsPath, entry, errors);
            }
        }
    }
}
