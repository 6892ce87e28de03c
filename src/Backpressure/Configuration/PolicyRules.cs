using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Configuration;

/// <summary>What a policy must keep to, by itself and towards the downstreams and rate limits that it names.</summary>
internal static class PolicyRules
{
    private static readonly PolicyOptions s_defaults = new();

    /// <summary>The shortest wait: shorter is no wait, which is <see cref="Overflow.Reject"/>.</summary>
    private static readonly TimeSpan s_minWait = TimeSpan.FromTicks(1);

    public static void Validate(string path, PolicyOptions policy, BackpressureOptions options, string root, OptionsErrors errors)
    {
        if (policy.Exempt)
        {
            RefuseAllElse(path, policy, errors);
            return;
        }

        errors.Defined<Priority>(Join(path, nameof(policy.Priority)), policy.Priority);
        errors.Defined<Overflow>(Join(path, nameof(policy.Overflow)), policy.Overflow);
        errors.Defined(Join(path, nameof(policy.Mode)), policy.Mode);
        errors.Defined<HoldUntil>(Join(path, nameof(policy.HoldUntil)), policy.HoldUntil);
        errors.Defined<CreditGrant>(Join(path, nameof(policy.Credits)), policy.Credits);
        KnownName(
            errors, Join(path, nameof(policy.Downstream)), policy.Downstream, options.Downstreams.Keys, Join(root, nameof(options.Downstreams)), hasDefault: true);
        if (policy.RateLimit is not null)
        {
            KnownName(
                errors, Join(path, nameof(policy.RateLimit)), policy.RateLimit, options.RateLimits.Keys, Join(root, nameof(options.RateLimits)), hasDefault: false);
        }

        if (policy.PartitionBy is not null)
        {
            PartitionGrammar.Validate(errors, Join(path, nameof(policy.PartitionBy)), policy.PartitionBy);
        }

        errors.Range(Join(path, nameof(policy.Cost)), policy.Cost, 1, Bounds.MaxCost, "Choose a number in that range, or leave it out for 1.");
        ValidateWait(Join(path, nameof(policy.MaxWait)), policy, errors);
    }

    private static void ValidateWait(string path, PolicyOptions policy, OptionsErrors errors)
    {
        if (policy.MaxWait is not { } wait)
        {
            return;
        }

        if (policy.Overflow == Overflow.Reject)
        {
            errors.Add(
                path, OptionsErrors.Show(wait), "must not be set with Overflow Reject, which never waits. Remove it, or choose Shed or Block.");
        }
        else if (wait < s_minWait || wait > Bounds.MaxDuration)
        {
            errors.Add(
                path, OptionsErrors.Show(wait),
                $"must be above zero and at most {OptionsErrors.Show(Bounds.MaxDuration)}. "
                + (wait < s_minWait ? "Choose a longer wait, or Overflow Reject for none." : "Choose a shorter wait."));
        }
    }

    /// <summary>What an exempt request would ignore is refused: whoever wrote it expects it to count.</summary>
    private static void RefuseAllElse(string path, PolicyOptions policy, OptionsErrors errors)
    {
        Refuse(nameof(policy.Priority), policy.Priority.ToString(), policy.Priority != s_defaults.Priority);
        Refuse(nameof(policy.Overflow), policy.Overflow.ToString(), policy.Overflow != s_defaults.Overflow);
        Refuse(nameof(policy.MaxWait), OptionsErrors.Show(policy.MaxWait), policy.MaxWait is not null);
        Refuse(
            nameof(policy.Downstream), OptionsErrors.Quote(policy.Downstream),
            !string.Equals(policy.Downstream, s_defaults.Downstream, StringComparison.OrdinalIgnoreCase));
        Refuse(nameof(policy.RateLimit), OptionsErrors.Quote(policy.RateLimit), policy.RateLimit is not null);
        Refuse(nameof(policy.PartitionBy), OptionsErrors.Quote(policy.PartitionBy), policy.PartitionBy is not null);
        Refuse(nameof(policy.Mode), policy.Mode.ToString(), policy.Mode is not null);
        Refuse(nameof(policy.HoldUntil), policy.HoldUntil.ToString(), policy.HoldUntil != s_defaults.HoldUntil);
        Refuse(nameof(policy.Credits), policy.Credits.ToString(), policy.Credits != s_defaults.Credits);
        Refuse(nameof(policy.Cost), OptionsErrors.Show(policy.Cost), policy.Cost != s_defaults.Cost);

        void Refuse(string key, string? value, bool isSet)
        {
            if (isSet)
            {
                errors.Add(Join(path, key), value, "must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt.");
            }
        }
    }
}
