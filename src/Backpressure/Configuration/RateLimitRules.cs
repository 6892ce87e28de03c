using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Configuration;

/// <summary>Which keys each algorithm of a rate limit needs, allows and refuses.</summary>
internal static class RateLimitRules
{
    public static void Validate(string path, RateLimitOptions limit, bool hasFleetStore, OptionsErrors errors)
    {
        errors.Defined<RateLimitAlgorithm>(Join(path, nameof(limit.Algorithm)), limit.Algorithm);
        errors.Defined<RateLimitScope>(Join(path, nameof(limit.Scope)), limit.Scope);
        Scope(Join(path, nameof(limit.Scope)), limit, hasFleetStore, errors);
        if (limit.PartitionBy is not null)
        {
            PartitionGrammar.Validate(errors, Join(path, nameof(limit.PartitionBy)), limit.PartitionBy);
        }

        var tokens = limit.Algorithm == RateLimitAlgorithm.TokenBucket;
        var windows = limit.Algorithm is RateLimitAlgorithm.FixedWindow or RateLimitAlgorithm.SlidingWindow;
        var segments = limit.Algorithm == RateLimitAlgorithm.SlidingWindow;

        Count(nameof(limit.TokenLimit), limit.TokenLimit, tokens, Bounds.MaxCount, required: true);
        Count(nameof(limit.TokensPerPeriod), limit.TokensPerPeriod, tokens, Bounds.MaxCount, required: true);
        Period(nameof(limit.ReplenishmentPeriod), limit.ReplenishmentPeriod, tokens);
        Count(nameof(limit.PermitLimit), limit.PermitLimit, !tokens, Bounds.MaxCount, required: true);
        Period(nameof(limit.Window), limit.Window, windows);
        Count(nameof(limit.SegmentsPerWindow), limit.SegmentsPerWindow, segments, Bounds.MaxSegments, required: false);

        if (tokens && limit.TokensPerPeriod > limit.TokenLimit)
        {
            errors.Add(
                Join(path, nameof(limit.TokensPerPeriod)), OptionsErrors.Show(limit.TokensPerPeriod),
                $"must not exceed TokenLimit ({OptionsErrors.Show(limit.TokenLimit)}), which would throw the rest away. Raise TokenLimit or lower TokensPerPeriod.");
        }

        void Count(string key, int? value, bool used, int max, bool required)
        {
            if (!used)
            {
                Refuse(key, OptionsErrors.Show(value), value is not null);
            }
            else if (value is null && required)
            {
                errors.Add(Join(path, key), null, OptionsErrors.Invariant($"is required by Algorithm {limit.Algorithm}. Give it a number from 1 to {max}."));
            }
            else
            {
                errors.Range(
                    Join(path, key), value, 1, max, required ? "Choose a number in that range." : "Choose a number in that range, or leave it out for 10.");
            }
        }

        void Period(string key, TimeSpan? value, bool used)
        {
            if (used)
            {
                errors.Range(Join(path, key), value, Bounds.MinPeriod, "Choose a duration in that range, or leave it out for 00:00:01.");
            }
            else
            {
                Refuse(key, OptionsErrors.Show(value), value is not null);
            }
        }

        void Refuse(string key, string value, bool isSet)
        {
            if (isSet)
            {
                errors.Add(Join(path, key), value, $"is not used by Algorithm {limit.Algorithm}. Remove it, or choose {UsedBy(key)}.");
            }
        }
    }

    private static void Scope(string path, RateLimitOptions limit, bool hasFleetStore, OptionsErrors errors)
    {
        if (limit.Scope != RateLimitScope.Fleet)
        {
            return;
        }

        if (limit.Algorithm == RateLimitAlgorithm.Concurrency)
        {
            errors.Add(
                path, nameof(RateLimitScope.Fleet),
                "is not for Algorithm Concurrency, whose permits a replica that dies would keep. Choose TokenBucket, FixedWindow or SlidingWindow, or write Replica.");
        }
        else if (!hasFleetStore)
        {
            errors.Add(
                path, nameof(RateLimitScope.Fleet),
                "needs a store that all replicas share, and none is registered. Call builder.Services.AddBackpressureRedis(…) of the package Backpressure.Redis, or write Replica.");
        }
    }

    private static string UsedBy(string key) => key switch
    {
        nameof(RateLimitOptions.PermitLimit) => "FixedWindow, SlidingWindow or Concurrency",
        nameof(RateLimitOptions.Window) => "FixedWindow or SlidingWindow",
        nameof(RateLimitOptions.SegmentsPerWindow) => "SlidingWindow",
        _ => "TokenBucket",
    };
}
