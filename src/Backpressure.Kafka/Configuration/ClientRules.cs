using System.Text.RegularExpressions;
using Backpressure.Configuration;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Kafka.Configuration;

/// <summary>What all options of this package have to keep to.</summary>
internal static partial class ClientRules
{
    public static void Required(string path, string key, string? value, string example, OptionsErrors errors)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            errors.Add(Join(path, key), value is null ? null : OptionsErrors.Quote(value), $"is required. Give it a value, such as {example}.");
        }
    }

    /// <summary>A topic's name also becomes the value of a tag.</summary>
    public static void Topic(string path, string? topic, OptionsErrors errors)
    {
        if (string.IsNullOrWhiteSpace(topic) || topic is "." or ".." || topic.Length > Bounds.MaxNameLength || !TopicName().IsMatch(topic))
        {
            errors.Add(path, topic is null ? null : OptionsErrors.Quote(topic), OptionsErrors.Invariant(
                $"must be a topic's name: 1 to {Bounds.MaxNameLength} letters, digits, '.', '_' and '-'. Write it as the cluster has it, such as orders."));
        }
    }

    /// <summary>What options of ours say must not be said by a property too: one of them would be ignored.</summary>
    public static void Client(string path, IDictionary<string, string> properties, OptionsErrors errors, params (string Property, string Option)[] ours)
    {
        foreach ((string property, string option) in ours)
        {
            if (properties.TryGetValue(property, out string? value))
            {
                errors.Add(Join(Join(path, "Client"), property), OptionsErrors.Quote(value), $"must not be set here: {option}. Remove it.");
            }
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+\z")]
    private static partial Regex TopicName();
}
