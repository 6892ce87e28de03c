using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Kafka.Configuration;

/// <summary>Reads and checks <see cref="KafkaIngestOptions"/>.</summary>
internal static class IngestRules
{
    public const int LeastBuffer = 1024;
    public const int MostBuffer = 1024 * 1024 * 1024;
    public const int LongestMessage = 100_000_000;

    /// <summary>Kafka's <c>max.block.ms</c>.</summary>
    public static readonly TimeSpan DefaultBlockWait = TimeSpan.FromSeconds(60);

    public static void Read(IConfiguration configuration, KafkaIngestOptions options, OptionsErrors errors)
    {
        var reader = new SectionReader(configuration, errors);
        options.BootstrapServers = reader.Text(nameof(options.BootstrapServers)) ?? options.BootstrapServers;
        options.BufferMemory = reader.Whole(nameof(options.BufferMemory)) ?? options.BufferMemory;
        options.MaxMessageBytes = reader.Whole(nameof(options.MaxMessageBytes)) ?? options.MaxMessageBytes;
        options.MaxWaiting = reader.Whole(nameof(options.MaxWaiting)) ?? options.MaxWaiting;
        options.DeliveryTimeout = reader.Duration(nameof(options.DeliveryTimeout)) ?? options.DeliveryTimeout;
        foreach ((string name, SectionReader entry) in reader.Named(nameof(options.Topics)))
        {
            KafkaTopicOptions topic = options.Topics.TryGetValue(name, out KafkaTopicOptions? known) && known is not null ? known : new KafkaTopicOptions();
            options.Topics[name] = topic;
            topic.Overflow = entry.Name<Overflow>(nameof(topic.Overflow)) ?? topic.Overflow;
            topic.MaxWait = entry.Duration(nameof(topic.MaxWait)) ?? topic.MaxWait;
            topic.Priority = entry.Name<Priority>(nameof(topic.Priority)) ?? topic.Priority;
            topic.Acknowledge = entry.Name<KafkaAcknowledgement>(nameof(topic.Acknowledge)) ?? topic.Acknowledge;
            entry.RefuseTheRest();
        }

        reader.Texts(nameof(options.Client), options.Client);
        reader.RefuseTheRest();
    }

    public static void Validate(string path, KafkaIngestOptions options, OptionsErrors errors)
    {
        ClientRules.Required(path, nameof(options.BootstrapServers), options.BootstrapServers, "kafka:9092", errors);
        string topics = Join(path, nameof(options.Topics));
        if (options.Topics.Count == 0)
        {
            errors.Add(topics, null, "must name the topics that may be written to, at least one. Write { \"orders\": { } }.");
        }

        foreach ((string name, KafkaTopicOptions topic) in options.Topics)
        {
            string its = Join(topics, name);
            ClientRules.Topic(its, name, errors);
            if (errors.Present(topic, its))
            {
                Validate(its, topic, errors);
            }
        }

        foreach (IGrouping<string, string> same in options.Topics.Keys.GroupBy(static name => name, StringComparer.OrdinalIgnoreCase).Where(static same => same.Count() > 1))
        {
            errors.Add(Join(topics, same.Last()), OptionsErrors.Quote(same.Last()), $"differs from {same.First()} by case only, and policies do not tell them apart. Remove one.");
        }

        errors.Range(
            Join(path, nameof(options.BufferMemory)), options.BufferMemory, LeastBuffer, MostBuffer, "Choose a number of bytes in that range, or leave it out for 33554432.");
        errors.Range(
            Join(path, nameof(options.MaxMessageBytes)), options.MaxMessageBytes, 1, Math.Clamp(options.BufferMemory, LeastBuffer, LongestMessage),
            "Choose a number of bytes in that range (a message must fit into BufferMemory), or raise BufferMemory.");
        errors.Range(
            Join(path, nameof(options.MaxWaiting)), options.MaxWaiting, 0, Bounds.MaxCount, "Choose a number in that range, or leave it out for 1000.");
        errors.Range(
            Join(path, nameof(options.DeliveryTimeout)), options.DeliveryTimeout, TimeSpan.FromSeconds(1), "Choose a duration in that range, or leave it out for 00:02:00.");
        ClientRules.Client(
            path, options.Client, errors,
            ("bootstrap.servers", "BootstrapServers says it"),
            ("acks", "an acknowledged message must survive a broker"),
            ("request.required.acks", "an acknowledged message must survive a broker"),
            ("enable.idempotence", "a message that is tried again must not be stored twice"),
            ("queue.buffering.max.messages", "BufferMemory says it"),
            ("queue.buffering.max.kbytes", "BufferMemory says it"),
            ("message.max.bytes", "MaxMessageBytes says it"),
            ("message.timeout.ms", "DeliveryTimeout says it"),
            ("delivery.timeout.ms", "DeliveryTimeout says it"));
    }

    private static void Validate(string path, KafkaTopicOptions topic, OptionsErrors errors)
    {
        errors.Defined<Overflow>(Join(path, nameof(topic.Overflow)), topic.Overflow);
        errors.Defined<Priority>(Join(path, nameof(topic.Priority)), topic.Priority);
        errors.Defined<KafkaAcknowledgement>(Join(path, nameof(topic.Acknowledge)), topic.Acknowledge);
        if (topic.MaxWait is { } wait && topic.Overflow == Overflow.Reject)
        {
            errors.Add(
                Join(path, nameof(topic.MaxWait)), OptionsErrors.Show(wait), "must not be set with Overflow Reject, which never waits. Remove it, or choose Shed or Block.");
        }

        errors.Range(
            Join(path, nameof(topic.MaxWait)), topic.MaxWait, TimeSpan.FromTicks(1), "Choose a duration in that range, or Overflow Reject for no wait.");
    }
}
