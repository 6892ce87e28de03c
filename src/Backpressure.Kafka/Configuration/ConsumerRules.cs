using System.Globalization;
using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Kafka.Configuration;

/// <summary>Reads and checks <see cref="KafkaConsumerOptions"/>.</summary>
internal static class ConsumerRules
{
    private const int LeastBytes = 1024;
    private const int MostBytes = 1024 * 1024 * 1024;
    private const string MaxPollInterval = "max.poll.interval.ms";

    public static void Read(IConfiguration configuration, KafkaConsumerOptions options, OptionsErrors errors)
    {
        var reader = new SectionReader(configuration, errors);
        options.BootstrapServers = reader.Text(nameof(options.BootstrapServers)) ?? options.BootstrapServers;
        options.GroupId = reader.Text(nameof(options.GroupId)) ?? options.GroupId;
        options.Topic = reader.Text(nameof(options.Topic)) ?? options.Topic;
        options.HighWatermark = reader.Whole(nameof(options.HighWatermark)) ?? options.HighWatermark;
        options.LowWatermark = reader.Whole(nameof(options.LowWatermark)) ?? options.LowWatermark;
        options.HighWatermarkBytes = reader.Whole(nameof(options.HighWatermarkBytes)) ?? options.HighWatermarkBytes;
        options.LowWatermarkBytes = reader.Whole(nameof(options.LowWatermarkBytes)) ?? options.LowWatermarkBytes;
        options.MaxConcurrency = reader.Whole(nameof(options.MaxConcurrency)) ?? options.MaxConcurrency;
        options.Order = reader.Name<KafkaMessageOrder>(nameof(options.Order)) ?? options.Order;
        options.OnFailure = reader.Name<KafkaFailurePolicy>(nameof(options.OnFailure)) ?? options.OnFailure;
        options.MaxAttempts = reader.Whole(nameof(options.MaxAttempts)) ?? options.MaxAttempts;
        options.RetryDelay = reader.Duration(nameof(options.RetryDelay)) ?? options.RetryDelay;
        options.HandOverTimeout = reader.Duration(nameof(options.HandOverTimeout)) ?? options.HandOverTimeout;
        options.CatchUpTime = reader.Duration(nameof(options.CatchUpTime)) ?? options.CatchUpTime;
        options.Policy = reader.Text(nameof(options.Policy)) ?? options.Policy;
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
        errors.Range(
            Join(path, nameof(options.HighWatermarkBytes)), options.HighWatermarkBytes, LeastBytes, MostBytes,
            "Choose a number of bytes in that range, or leave it out for 8388608.");
        errors.Range(
            Join(path, nameof(options.LowWatermarkBytes)), options.LowWatermarkBytes, 0, Math.Clamp(options.HighWatermarkBytes, LeastBytes, MostBytes) - 1,
            "It must be below HighWatermarkBytes. Lower it, raise HighWatermarkBytes, or leave it out for half of that.");
        errors.Range(
            Join(path, nameof(options.MaxConcurrency)), options.MaxConcurrency, 1, 1000, "Choose a number in that range, or leave it out for 16.");
        errors.Defined<KafkaMessageOrder>(Join(path, nameof(options.Order)), options.Order);
        errors.Defined<KafkaFailurePolicy>(Join(path, nameof(options.OnFailure)), options.OnFailure);
        if (options.MaxAttempts is { } attempts && options.OnFailure == KafkaFailurePolicy.Retry)
        {
            errors.Add(
                Join(path, nameof(options.MaxAttempts)), OptionsErrors.Show(attempts),
                "must not be set with OnFailure Retry, which has no last attempt. Remove it, or choose Stop or Skip.");
        }

        errors.Range(
            Join(path, nameof(options.MaxAttempts)), options.MaxAttempts, 1, 1000, "Choose a number in that range, or leave it out for 5.");
        errors.Range(
            Join(path, nameof(options.RetryDelay)), options.RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30),
            "Choose a duration in that range, or leave it out for 00:00:01.");
        errors.Range(
            Join(path, nameof(options.HandOverTimeout)), options.HandOverTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(1),
            "Choose a duration in that range, or leave it out for 00:00:05.");
        errors.Range(
            Join(path, nameof(options.CatchUpTime)), options.CatchUpTime, TimeSpan.FromSeconds(1), "Choose a duration in that range, or leave it out for 00:01:00.");
        ClientRules.Client(
            path, options.Client, errors,
            ("bootstrap.servers", "BootstrapServers says it"),
            ("group.id", "GroupId says it"),
            ("enable.auto.commit", "the client commits what is done, by and by and before a partition goes"),
            ("auto.commit.enable", "the client commits what is done, by and by and before a partition goes"),
            ("enable.auto.offset.store", "only what is done may be committed"));
        if (options.Client.TryGetValue("auto.commit.interval.ms", out string? interval) && interval.Trim() == "0")
        {
            errors.Add(Join(Join(path, "Client"), "auto.commit.interval.ms"), OptionsErrors.Quote(interval), "must be above 0: at 0 nothing is committed. Write a number of milliseconds, or leave it out for 5000.");
        }

        if (options.Client.TryGetValue(MaxPollInterval, out string? most)
            && int.TryParse(most, NumberStyles.Integer, CultureInfo.InvariantCulture, out int milliseconds) && milliseconds <= options.HandOverTimeout.TotalMilliseconds)
        {
            errors.Add(
                Join(Join(path, "Client"), MaxPollInterval), OptionsErrors.Quote(most),
                $"must be longer than HandOverTimeout ({OptionsErrors.Show(options.HandOverTimeout)}), or the group takes the consumer for dead while it hands over. Raise it, or lower HandOverTimeout.");
        }
    }

    /// <summary>A policy is the host's: whether it exists is known once the host is built.</summary>
    public static void ValidatePolicy(string path, KafkaConsumerOptions options, LoadShedder? shedder, OptionsErrors errors)
    {
        if (options.Policy is not { } policy)
        {
            return;
        }

        string key = Join(path, nameof(options.Policy));
        if (shedder is null)
        {
            errors.Add(key, OptionsErrors.Quote(policy), "needs the host's LoadShedder. Call AddBackpressure, or remove the key.");
        }
        else if (!shedder.Settings.Policies.ContainsKey(policy))
        {
            string known = string.Join(", ", shedder.Settings.Policies.Keys.Order(StringComparer.OrdinalIgnoreCase));
            errors.Add(key, OptionsErrors.Quote(policy), $"is not a policy; these exist: {known}. Name one of them, or add it to Backpressure:Policies.");
        }
    }
}
