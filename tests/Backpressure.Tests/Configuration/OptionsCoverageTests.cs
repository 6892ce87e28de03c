using System.Collections;
using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Backpressure.Tests.Configuration;

/// <summary>A new option cannot be forgotten: every property of every options class is written, read and compared.</summary>
public sealed class OptionsCoverageTests
{
    [Fact]
    public void Read_EveryPropertyOfEveryOptionsClass_IsReadFromItsKey()
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Write(typeof(BackpressureOptions), "Backpressure", values);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();

        var options = new BackpressureOptions();
        var errors = new OptionsErrors();
        OptionsReader.Read(configuration.GetSection("Backpressure"), options, errors);

        Assert.Empty(errors.Texts);
        var read = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Collect(options, "Backpressure", read);
        Assert.Equal(values.OrderBy(pair => pair.Key, StringComparer.Ordinal), read.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void EveryOptionsClass_IsReachedFromBackpressureOptions()
    {
        var seen = new HashSet<Type>();
        Visit(typeof(BackpressureOptions));
        var all = typeof(BackpressureOptions).Assembly.GetExportedTypes().Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal));
        Assert.Equal(all.OrderBy(type => type.Name), seen.OrderBy(type => type.Name));

        void Visit(Type type)
        {
            if (seen.Add(type))
            {
                foreach (var property in type.GetProperties())
                {
                    var inner = EntryType(property.PropertyType) ?? property.PropertyType;
                    if (inner.Name.EndsWith("Options", StringComparison.Ordinal))
                    {
                        Visit(inner);
                    }
                }
            }
        }
    }

    /// <summary>A value other than the default for each property, by its type.</summary>
    private static void Write(Type type, string path, Dictionary<string, string?> values)
    {
        var defaults = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties())
        {
            var key = path + ":" + property.Name;
            var scalar = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (EntryType(property.PropertyType) == typeof(string))
            {
                values[key + ":some"] = "text";
            }
            else if (EntryType(property.PropertyType) is { } entry)
            {
                Write(entry, key + ":Some", values);
            }
            else if (property.PropertyType == typeof(IList<string>))
            {
                values[key + ":0"] = "one";
                values[key + ":1"] = "two";
            }
            else if (scalar == typeof(string))
            {
                values[key] = "text of " + property.Name;
            }
            else if (scalar == typeof(int))
            {
                values[key] = "77";
            }
            else if (scalar == typeof(double))
            {
                values[key] = "0.125";
            }
            else if (scalar == typeof(bool))
            {
                values[key] = "True";
            }
            else if (scalar == typeof(TimeSpan))
            {
                values[key] = "00:00:07";
            }
            else if (scalar.IsEnum)
            {
                values[key] = Enum.GetNames(scalar).Last(name => name != property.GetValue(defaults)?.ToString());
            }
            else
            {
                Write(property.PropertyType, key, values);
            }
        }
    }

    private static void Collect(object options, string path, Dictionary<string, string?> read)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            var key = path + ":" + property.Name;
            switch (property.GetValue(options))
            {
                case string text:
                    read[key] = text;
                    break;
                case IList<string> list:
                    for (var i = 0; i < list.Count; i++)
                    {
                        read[$"{key}:{i}"] = list[i];
                    }

                    break;
                case IDictionary<string, string> texts:
                    foreach ((string name, string text) in texts)
                    {
                        read[$"{key}:{name}"] = text;
                    }

                    break;
                case IDictionary entries:
                    foreach (DictionaryEntry entry in entries)
                    {
                        Collect(entry.Value!, $"{key}:{entry.Key}", read);
                    }

                    break;
                case { } value when value.GetType().IsValueType:
                    read[key] = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
                case { } inner:
                    Collect(inner, key, read);
                    break;
                default:
                    break;
            }
        }
    }

    private static Type? EntryType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>) ? type.GetGenericArguments()[1] : null;
}
