using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Backpressure.Configuration;

/// <summary>
/// Reads the keys of one configuration section. What is wrong is collected and read as "not set", so that reading
/// goes on to the next error. It remembers which keys it was asked for: all others are unknown.
/// </summary>
/// <remarks>
/// A JSON null and an empty object look alike (no value, no children) and both mean "not set"; an empty JSON list and
/// an empty text look alike too.
/// </remarks>
internal sealed class SectionReader
{
    private static readonly string[] s_durationForms =
        [@"hh\:mm\:ss", .. Enumerable.Range(1, 7).Select(digits => @"hh\:mm\:ss\." + new string('f', digits))];

    private readonly string _path;
    private readonly string? _value;
    private readonly List<IConfigurationSection> _children;
    private readonly SortedSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly OptionsErrors _errors;

    public SectionReader(IConfiguration configuration, OptionsErrors errors)
    {
        var section = configuration as IConfigurationSection;
        _path = section?.Path ?? string.Empty;
        _value = section?.Value;
        _children = [.. configuration.GetChildren()];
        _errors = errors;
    }

    public string? Text(string key, bool mayBeEmpty = false) => Scalar(key, "text", mayBeEmpty)?.Value;

    public int? Whole(string key)
    {
        if (Scalar(key, "a whole number") is not { Value: { } value } section)
        {
            return null;
        }

        if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        return Refuse(section, $"must be a whole number from {int.MinValue} to {int.MaxValue}. Write it in digits only, such as 32.", default(int?));
    }

    public double? Fraction(string key)
    {
        if (Scalar(key, "a number") is not { Value: { } value } section)
        {
            return null;
        }

        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        return Refuse(section, "must be a number. Write it with a point before the decimals, such as 0.05.", default(double?));
    }

    public bool? Flag(string key)
    {
        if (Scalar(key, "true or false") is not { Value: { } value } section)
        {
            return null;
        }

        return bool.TryParse(value, out var flag) ? flag : Refuse(section, "must be true or false. Write one of these two.", default(bool?));
    }

    /// <summary>By name only: a number would change its meaning when the enum gains a value, and says nothing to a reader.</summary>
    public TEnum? Name<TEnum>(string key)
        where TEnum : struct, Enum
    {
        var names = Enum.GetNames<TEnum>();
        var known = string.Join(", ", names);
        if (Scalar(key, "one of " + known) is not { Value: { } value } section)
        {
            return null;
        }

        var index = Array.FindIndex(names, name => name.Equals(value, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
        {
            return Enum.GetValues<TEnum>()[index];
        }

        return Refuse(section, $"must be one of {known}. {NearestName.Question(value, names) ?? "Write one of these names."}", default(TEnum?));
    }

    /// <summary>Only as hh:mm:ss with decimals: the framework would read "500" as 500 days and "1:30" as 90 minutes.</summary>
    public TimeSpan? Duration(string key)
    {
        if (Scalar(key, "a duration") is not { Value: { } value } section)
        {
            return null;
        }

        if (TimeSpan.TryParseExact(value, s_durationForms, CultureInfo.InvariantCulture, out var duration))
        {
            return duration;
        }

        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Bounds.MaxDuration.TotalMilliseconds)
        {
            var seconds = number <= Bounds.MaxDuration.TotalSeconds
                ? $", or {OptionsErrors.Show(TimeSpan.FromSeconds(number))} for {value} seconds" : string.Empty;
            return Refuse(
                section,
                $"has no unit. Write {OptionsErrors.Show(TimeSpan.FromMilliseconds(number))} for {value} milliseconds{seconds}.",
                default(TimeSpan?));
        }

        return Refuse(section, "must be a duration as hh:mm:ss or hh:mm:ss.fff. Write for example 00:00:00.500 for half a second.", default(TimeSpan?));
    }

    /// <summary>
    /// Puts the configured list in place of what the target holds: a list that grows on what code has set could never
    /// be made shorter. Indices without a value are left out.
    /// </summary>
    public void List(string key, IList<string> target)
    {
        if (Find(key) is not { } section)
        {
            return;
        }

        var children = section.GetChildren().ToList();
        if (!string.IsNullOrEmpty(section.Value))
        {
            Refuse(section, $"must be a list. Write [ {OptionsErrors.Quote(section.Value)} ], or {section.Path}:0 as the key.", 0);
            return;
        }

        if (section.Value is null && children.Count == 0)
        {
            return;
        }

        target.Clear();
        foreach (var child in children)
        {
            if (!IsIndex(child.Key))
            {
                _errors.Add(child.Path, null, $"is a key where {section.Key} must be a list. Write [ \"…\", \"…\" ].");
            }
            else if (child.GetChildren().Any())
            {
                _errors.Add(child.Path, null, "must be a single text, but has keys of its own. Write [ \"…\", \"…\" ].");
            }
            else if (child.Value is { } value)
            {
                target.Add(value);
            }
        }
    }

    /// <summary>Amends a map from names to single texts.</summary>
    public void Texts(string key, IDictionary<string, string> target)
    {
        if (Find(key) is not { } section)
        {
            return;
        }

        if (!string.IsNullOrEmpty(section.Value))
        {
            Refuse(section, $"must be an object. Write {{ \"name\": \"value\" }}, or {section.Path}:name as the key.", 0);
            return;
        }

        foreach (var child in section.GetChildren())
        {
            if (child.GetChildren().Any())
            {
                _errors.Add(child.Path, null, "must be a single text, but has keys of its own. Write { \"name\": \"value\" }.");
            }
            else if (child.Value is { } value)
            {
                target[child.Key] = value;
            }
        }
    }

    /// <summary>The keys of an object below this one; null when it is not set.</summary>
    public SectionReader? Object(string key) => Find(key) is { } section ? new SectionReader(section, _errors) : null;

    /// <summary>The entries of a map from names to objects.</summary>
    public IEnumerable<(string Name, SectionReader Reader)> Named(string key)
    {
        if (Find(key) is not { } section)
        {
            yield break;
        }

        if (section.Value is not null)
        {
            Refuse(section, $"must be an object. Write {{ \"SomeName\": {{ … }} }}, or {section.Path}:SomeName:… as the key.", 0);
            yield break;
        }

        foreach (var child in section.GetChildren())
        {
            if (IsIndex(child.Key))
            {
                _errors.Add(child.Path, null, $"has an index for a name, as if {section.Key} were a list. Write {{ \"SomeName\": {{ … }} }}.");
            }
            else
            {
                yield return (child.Key, new SectionReader(child, _errors));
            }
        }
    }

    /// <summary>To be called when all known keys were asked for: whatever else is there is an error.</summary>
    public void RefuseTheRest()
    {
        var known = string.Join(", ", _known);
        if (_value is not null)
        {
            _errors.Add(_path, OptionsErrors.Quote(_value), $"must be an object. Write its keys below it: {known}.");
        }

        foreach (var child in _children.Where(child => !_known.Contains(child.Key)))
        {
            // The value is not shown: what stands at a wrong place may be a secret.
            var wayOut = NearestName.Question(child.Key, _known) ?? "Remove it.";
            _errors.Add(child.Path, null, $"is not a known key. {wayOut} Known here: {known}.");
        }
    }

    private IConfigurationSection? Find(string key)
    {
        _known.Add(key);
        return _children.Find(child => child.Key.Equals(key, StringComparison.OrdinalIgnoreCase));
    }

    private IConfigurationSection? Scalar(string key, string kind, bool mayBeEmpty = false)
    {
        if (Find(key) is not { } section)
        {
            return null;
        }

        var children = section.GetChildren().Select(child => child.Key).ToList();
        if (children.Count > 0)
        {
            return Refuse(section, $"must be {kind}, but has keys of its own ({string.Join(", ", children)}). Write one value.", default(IConfigurationSection));
        }

        if (string.IsNullOrWhiteSpace(section.Value) && section.Value is not null && !(mayBeEmpty && section.Value.Length == 0))
        {
            return Refuse(section, $"must be {kind}. Give it a value, or leave the key out for its default.", default(IConfigurationSection));
        }

        return section.Value is null ? null : section;
    }

    private T Refuse<T>(IConfigurationSection section, string problem, T nothing)
    {
        _errors.Add(section.Path, section.Value is null ? null : OptionsErrors.Quote(section.Value), problem);
        return nothing;
    }

    private static bool IsIndex(string key) => key.Length > 0 && key.All(char.IsAsciiDigit);
}
