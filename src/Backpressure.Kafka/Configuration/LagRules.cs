using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Kafka.Configuration;

/// <summary>Reads and checks <see cref="KafkaLagOptions"/>.</summary>
internal static class LagRules
{
    public static void Read(IConfiguration configuration, KafkaLagOptions options, OptionsErrors errors)
    {
        var reader = new SectionReader(configuration, errors);
        options.BootstrapServers = reader.Text(nameof(options.BootstrapServers)) ?? options.BootstrapServers;
        options.GroupId = reader.Text(nameof(options.GroupId)) ?? options.GroupId;
        options.Topic = reader.Text(nameof(options.Topic)) ?? options.Topic;
        options.Reading = reader.Name<KafkaLagReading>(nameof(options.Reading)) ?? options.Reading;
        options.Interval = reader.Duration(nameof(options.Interval)) ?? options.Interval;
        reader.Texts(nameof(options.Client), options.Client);
        reader.RefuseTheRest();
    }

    public static void Validate(string path, KafkaLagOptions options, OptionsErrors errors)
    {
        ClientRules.Required(path, nameof(options.BootstrapServers), options.BootstrapServers, "kafka:9092", errors);
        ClientRules.Required(path, nameof(options.GroupId), options.GroupId, "billing", errors);
        ClientRules.Topic(Join(path, nameof(options.Topic)), options.Topic, errors);
        errors.Defined<KafkaLagReading>(Join(path, nameof(options.Reading)), options.Reading);
        errors.Range(
            Join(path, nameof(options.Interval)), options.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5),
            "Choose a duration in that range, or leave it out for 00:00:02.");
        ClientRules.Client(
            path, options.Client, errors,
            ("bootstrap.servers", "BootstrapServers says it"),
            ("group.id", "GroupId says it"),
            ("enable.auto.commit", "whoever only looks on must not commit"),
            ("allow.auto.create.topics", "whoever only looks on must not create topics"));
    }
}
