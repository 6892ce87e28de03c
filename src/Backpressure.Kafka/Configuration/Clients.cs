using Confluent.Kafka;

namespace Backpressure.Kafka.Configuration;

/// <summary>Builds librdkafka's clients, and says of what it refuses which key to change.</summary>
internal static class Clients
{
    public static T With<T>(T config, IDictionary<string, string> properties)
        where T : Config
    {
        foreach ((string key, string value) in properties)
        {
            config.Set(key, value);
        }

        return config;
    }

    /// <exception cref="BackpressureOptionsException">librdkafka does not accept the properties.</exception>
    public static T Build<T>(string path, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception refused) when (refused is ArgumentException or InvalidOperationException or KafkaException)
        {
            throw new BackpressureOptionsException(
                $"{path} is refused by librdkafka: {refused.Message.TrimEnd('.')}. Correct or remove the property under {path}:Client.", refused);
        }
    }
}
