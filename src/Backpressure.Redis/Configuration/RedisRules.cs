using System.Text.RegularExpressions;
using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using StackExchange.Redis;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Redis.Configuration;

/// <summary>Reads and checks <see cref="BackpressureRedisOptions"/>.</summary>
internal static partial class RedisRules
{
    /// <summary>Where the options are, unless a section says otherwise.</summary>
    public const string DefaultPath = "Backpressure:Redis";

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);

    public static void Read(IConfiguration configuration, BackpressureRedisOptions options, OptionsErrors errors)
    {
        var reader = new SectionReader(configuration, errors);
        options.Configuration = reader.Text(nameof(options.Configuration)) ?? options.Configuration;
        options.KeyPrefix = reader.Text(nameof(options.KeyPrefix)) ?? options.KeyPrefix;
        options.Timeout = reader.Duration(nameof(options.Timeout)) ?? options.Timeout;
        options.WhenDisconnected = reader.Name<WhenDisconnected>(nameof(options.WhenDisconnected)) ?? options.WhenDisconnected;
        reader.RefuseTheRest();
    }

    public static void Validate(string path, BackpressureRedisOptions options, OptionsErrors errors)
    {
        // The value is never shown: it may hold a password.
        if (string.IsNullOrWhiteSpace(options.Configuration))
        {
            errors.Add(Join(path, nameof(options.Configuration)), null, "is required. Say where Redis is, such as redis:6379.");
        }
        else if (FaultOf(options.Configuration) is { } fault)
        {
            errors.Add(Join(path, nameof(options.Configuration)), null, $"is not what StackExchange.Redis takes: {fault} Write it as redis:6379,password=…,ssl=true.");
        }

        if (options.KeyPrefix is null || !Prefix().IsMatch(options.KeyPrefix))
        {
            errors.Add(
                Join(path, nameof(options.KeyPrefix)), OptionsErrors.Quote(options.KeyPrefix),
                "must be 1 to 64 letters, digits, '.', '_', '-' and ':'. Choose such a text, or leave it out for backpressure.");
        }

        errors.Range(
            Join(path, nameof(options.Timeout)), options.Timeout, s_shortest, s_longest, "Choose a duration in that range, or leave it out for 00:00:00.100.");
        errors.Defined<WhenDisconnected>(Join(path, nameof(options.WhenDisconnected)), options.WhenDisconnected);
    }

    private static string? FaultOf(string configuration)
    {
        try
        {
            return ConfigurationOptions.Parse(configuration, ignoreUnknown: false).EndPoints.Count == 0 ? "it names no host." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            return e.Message.Split('\n', '(')[0].Trim().TrimEnd('.') + ".";
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._:-]{1,64}\z")]
    private static partial Regex Prefix();
}
