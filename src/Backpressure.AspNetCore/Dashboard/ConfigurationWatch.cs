using System.Diagnostics.CodeAnalysis;
using Backpressure.AspNetCore.Hosting;
using Backpressure.Configuration;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>The configuration in force, key by key, and what a reload has changed in it. Used by one caller at a time.</summary>
internal sealed class ConfigurationWatch(SettingsSource source, ConfigurationOrigins origins, StateChanges changes)
{
    /// <summary>A reload is told by this many keys; more are counted.</summary>
    private const int MostTold = 5;

    private ShedderSettings? _settings;

    /// <summary>How often it has changed.</summary>
    public long Number { get; private set; }

    public IReadOnlyList<ConfigurationRow> Rows { get; private set; } = [];

    /// <summary>Sees whether other settings are in force.</summary>
    public void Look(ShedderSettings settings)
    {
        if (ReferenceEquals(settings, _settings))
        {
            return;
        }

        bool first = _settings is null;
        IReadOnlyList<ConfigurationRow> before = Rows;
        _settings = settings;
        Rows = Read(settings);
        Number++;
        if (!first)
        {
            changes.Add(StateChangeKind.Reloaded, "", Describe(before, Rows));
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Foreign configuration providers and callbacks may throw anything; the page goes on without.")]
    private ConfigurationRow[] Read(ShedderSettings settings)
    {
        try
        {
            (BackpressureOptions code, BackpressureOptions all) = source.ReadOptions();
            if (!SettingsFactory.Build(all, hasFleetStore: source.HasFleetStore).Equals(settings))
            {
                return [new("", "Set by LoadShedder.Reconfigure, past the configuration", "code")];
            }

            var byCode = OptionsListing.Of(code).Where(static row => !row.IsDefault).Select(static row => row.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
            return [.. OptionsListing.Of(all).Select(row => RowOf(row, byCode))];
        }
        catch (Exception)
        {
            // What is in force was read before something went wrong with it.
            return [new("", "The configuration cannot be read now; what is in force is older", "")];
        }
    }

    private ConfigurationRow RowOf(OptionRow row, HashSet<string> byCode) => origins.Of(row.Key) is { } origin
        ? new(row.Key, origin.IsSecret ? ConfigurationOrigins.Hidden : row.Value, origin.Name)
        : new(row.Key, row.Value, byCode.Contains(row.Key) ? "code" : "default");

    private static string Describe(IReadOnlyList<ConfigurationRow> before, IReadOnlyList<ConfigurationRow> after)
    {
        var old = before.ToDictionary(static row => row.Key, static row => row.Value, StringComparer.OrdinalIgnoreCase);
        var now = after.Select(static row => row.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        string[] told =
        [
            .. after.Where(row => old.TryGetValue(row.Key, out string? value) && value != row.Value).Select(row => $"{row.Key} {old[row.Key]} → {row.Value}"),
            .. after.Where(row => !old.ContainsKey(row.Key)).Select(static row => $"{row.Key} {row.Value} added"),
            .. before.Where(row => !now.Contains(row.Key)).Select(static row => $"{row.Key} removed"),
        ];
        string more = told.Length > MostTold ? $"; and {told.Length - MostTold} more" : "";
        return told.Length == 0 ? "A changed configuration is in force." : $"{string.Join("; ", told.Take(MostTold))}{more}.";
    }
}
