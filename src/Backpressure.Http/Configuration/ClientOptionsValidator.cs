using Backpressure.Configuration;
using Microsoft.Extensions.Options;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Http.Configuration;

/// <summary>Checks one client's options, wherever they came from; every error at once.</summary>
/// <param name="client">The client's name; those of others are not looked at.</param>
/// <param name="root">The path that its keys are named under.</param>
internal sealed class ClientOptionsValidator(string client, string root) : IValidateOptions<BackpressureClientOptions>
{
    public ValidateOptionsResult Validate(string? name, BackpressureClientOptions options)
    {
        if (name != client)
        {
            return ValidateOptionsResult.Skip;
        }

        OptionsErrors errors = options.Errors ?? new OptionsErrors();
        Check(options, errors);

        // Not a result that failed: the framework would make one text of the errors, and these are told as all of ours are.
        errors.ThrowIfAny();
        return ValidateOptionsResult.Success;
    }

    private void Check(BackpressureClientOptions options, OptionsErrors errors)
    {
        errors.Defined<BackpressureMode>(Join(root, nameof(options.Mode)), options.Mode);
        errors.Defined<Priority>(Join(root, nameof(options.Priority)), options.Priority);
        var downstream = new DownstreamOptions { Limit = options.Limit, Queue = options.Queue };
        DownstreamRules.Validate(root, downstream, new BackpressureOptions(), root, errors);
        errors.Range(
            Join(root, nameof(options.MaxWait)), options.MaxWait, TimeSpan.FromMilliseconds(1), "Choose a duration in that range, or leave it out for 00:00:00.500.");
        if (options.ThrottleRatio is not (>= 1.1 and <= 100))
        {
            errors.Add(
                Join(root, nameof(options.ThrottleRatio)), OptionsErrors.ShowFraction(options.ThrottleRatio),
                "must be from 1.1 to 100. Choose a number in that range, or leave it out for 2.");
        }

        errors.Range(
            Join(root, nameof(options.ThrottleWindow)), options.ThrottleWindow, TimeSpan.FromSeconds(1), "Choose a duration in that range, or leave it out for 00:00:10.");
        errors.Range(
            Join(root, nameof(options.MaxRetryAfter)), options.MaxRetryAfter, TimeSpan.Zero, "Choose a duration in that range, or leave it out for 00:00:30.");
        errors.Range(
            Join(root, nameof(options.MaxDestinations)), options.MaxDestinations, 1, 1000, "Choose a number in that range, or leave it out for 100.");
        errors.Range(
            Join(root, nameof(options.ForgetAfter)), options.ForgetAfter, TimeSpan.FromSeconds(1), "Choose a duration in that range, or leave it out for 00:05:00.");
    }
}
