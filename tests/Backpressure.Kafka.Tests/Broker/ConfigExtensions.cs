using Confluent.Kafka;

namespace Backpressure.Kafka.Tests.Broker;

internal static class ConfigExtensions
{
    /// <summary>Sets a key that has no property.</summary>
    public static T Also<T>(this T config, string key, string value)
        where T : Config
    {
        config.Set(key, value);
        return config;
    }
}
