using System.Globalization;

namespace Backpressure.Configuration;

/// <summary>
/// Collects every error of one configuration, at most one a key: the first to be found is the cause, those found
/// later at the same key are its consequences (a limit that could not be read is not also reported as missing).
/// </summary>
internal sealed class OptionsErrors
{
    private readonly List<string> _texts = [];
    private readonly HashSet<string> _paths = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> Texts => _texts;

    public int Count => _texts.Count;

    /// <summary>Records an error: path, value, then what is wrong and the way out.</summary>
    /// <param name="path">The key's full path.</param>
    /// <param name="value">Its value as the user would write it, with quotes where it is text; null: none to show.</param>
    /// <param name="problem">Reads on from path and value: "must be … . Do … .".</param>
    public void Add(string path, string? value, string problem)
    {
        if (_paths.Add(path))
        {
            _texts.Add(value is null ? $"{path} {problem}" : $"{path} ({value}) {problem}");
        }
    }

    /// <exception cref="BackpressureOptionsException">There are errors; it names them all.</exception>
    public void ThrowIfAny()
    {
        if (_texts.Count > 0)
        {
            throw new BackpressureOptionsException(_texts);
        }
    }

    public void Range(string path, int? value, int min, int max, string otherwise)
    {
        if (value < min || value > max)
        {
            Add(path, Show(value), Invariant($"must be from {min} to {max}. {otherwise}"));
        }
    }

    public void Range(string path, TimeSpan? value, TimeSpan min, string otherwise) => Range(path, value, min, Bounds.MaxDuration, otherwise);

    public void Range(string path, TimeSpan? value, TimeSpan min, TimeSpan max, string otherwise)
    {
        if (value < min || value > max)
        {
            Add(path, Show(value), $"must be from {Show(min)} to {Show(max)}. {otherwise}");
        }
    }

    /// <summary>Code can cast any number to an enum; what came from configuration is known to be a name.</summary>
    public void Defined<TEnum>(string path, TEnum? value)
        where TEnum : struct, Enum
    {
        if (value is { } given && !Enum.IsDefined(given))
        {
            Add(path, given.ToString(), $"must be one of {string.Join(", ", Enum.GetNames<TEnum>())}. Use one of these names.");
        }
    }

    /// <summary>Records that an object which must exist is null.</summary>
    /// <returns>Whether it is there.</returns>
    public bool Present([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] object? value, string path)
    {
        if (value is null)
        {
            Add(path, "null", "must be an object. Assign one, or leave the property alone for its defaults.");
        }

        return value is not null;
    }

    public static string Quote(string? value) => value is null ? "null" : $"\"{value}\"";

    public static string Show(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "null";

    public static string ShowFraction(double value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>As configuration writes it: hh:mm:ss, with as few decimals as it needs.</summary>
    public static string Show(TimeSpan? value) => value switch
    {
        null => "null",
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerSecond == 0 => value.Value.ToString("c", CultureInfo.InvariantCulture),
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerMillisecond == 0 => value.Value.ToString("c", CultureInfo.InvariantCulture)[..^4],
        _ => value.Value.ToString("c", CultureInfo.InvariantCulture),
    };

    public static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
