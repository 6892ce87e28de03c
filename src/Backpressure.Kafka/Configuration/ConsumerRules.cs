using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Kafka.Configuration;

/// <summary>Reads and checks <see cref="KafkaConsumerOptions"/>.</summary>
internal static class ConsumerRules
{
    public static void Read(IConfiguration configuration, KafkaConsumerOptions options, OptionsErrors errors)
    {
        var reader = new SectionReader(configuration, errors);
        options.BootstrapServers = reader.Text(nameof(options.BootstrapServers)) ?? options.BootstrapServers;
        options.GroupId = reader.Text(nameof(options.GroupId)) ?? options.GroupId;
        options.Topic = reader.Text(nameof(options.Topic)) ?? options.Topic;
        options.HighWatermark = reader.Whole(nameof(options.HighWatermark)) ?? options.HighWatermark;
        options.LowWatermark = reader.Whole(nameof(options.LowWatermark)) ?? options.LowWatermark;
        options.HandOverTimeout = reader.Duration(nameof(options.HandOverTimeout)) ?? options.HandOverTimeout;
        reader.Texts(nameof(options.Client), options.Client);
        reader.RefuseTheRest();
    }

    public static void Validate(string path, KafkaConsumerOptions options, OptionsErrors errors)
    {
        ClientRules.Required(path, nameof(options.BootstrapServers), options.BootstrapServers, "kafka:9092", errors);
        ClientRules.Required(path, nameof(options.GroupId), options.GroupId, "billing", errors);
        ClientRules.Topic(Join(path, nameof(options.Topic)), options.Topic, errors);
        errors.Range(
            Join(path, nameof(options.HighWatermark)), options.HighWatermark, 1, Bounds.MaxCount, "Choose a number in that range, or leave it out for 64.");
        errors.Range(
            Join(path, nameof(options.LowWatermark)), options.LowWatermark, 0, Math.Clamp(options.HighWatermark, 1, Bounds.MaxCount) - 1,
            "It must be below HighWatermark. Lower it, raise HighWatermark, or leave it out for half of that.");
        if (options.HandOverTimeout < TimeSpan.Zero || options.HandOverTimeout > TimeSpan.FromMinutes(1))
        {
            errors.Add(
                Join(path, nameof(options.HandOverTimeout)), OptionsErrors.Show(options.HandOverTimeout),
                "must be from 00:00:00 to 00:01:00. Choose a duration in that range, or leave it out for 00:00:05.");
        }

        ClientRules.Client(
            path, options.Client, errors,
            ("bootstrap.servers", "BootstrapServers says it"),
            ("group.id", "GroupId says it"),
            ("enable.auto.commit", "what is done is committed by the client, in the background and before a partition goes"),
            ("enable.auto.offset.store", "only what is done may be committed"));
    }
}
