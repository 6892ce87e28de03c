using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Configuration;

/// <summary>What a downstream's limit and queue must keep to.</summary>
internal static class DownstreamRules
{
    public static void Validate(string path, DownstreamOptions downstream, BackpressureOptions options, string root, OptionsErrors errors)
    {
        for (int i = 0; i < downstream.Signals.Count; i++)
        {
            KnownName(
                errors, Join(path, OptionsErrors.Invariant($"{nameof(downstream.Signals)}:{i}")), downstream.Signals[i],
                options.Signals.Keys, Join(root, nameof(options.Signals)), hasDefault: false);
        }

        var limit = Join(path, nameof(downstream.Limit));
        if (errors.Present(downstream.Limit, limit))
        {
            Validate(limit, downstream.Limit, errors);
        }

        var queue = Join(path, nameof(downstream.Queue));
        if (errors.Present(downstream.Queue, queue))
        {
            Validate(queue, downstream.Queue, errors);
        }

        errors.Range(
            Join(path, nameof(downstream.MaxLongLived)), downstream.MaxLongLived, 1, Bounds.MaxCount,
            "Choose a number in that range, or leave it out for 10000.");
    }

    private static void Validate(string path, LimitOptions limit, OptionsErrors errors)
    {
        errors.Defined<LimitAlgorithm>(Join(path, nameof(limit.Algorithm)), limit.Algorithm);
        if (limit.Algorithm == LimitAlgorithm.Fixed)
        {
            ValidateFixed(path, limit, errors);
        }
        else
        {
            ValidateMoving(path, limit, errors);
        }
    }

    private static void ValidateFixed(string path, LimitOptions limit, OptionsErrors errors)
    {
        var value = Join(path, nameof(limit.Value));
        if (limit.Value is null)
        {
            errors.Add(value, null, OptionsErrors.Invariant($"is required by Algorithm Fixed. Give it a number from 1 to {Bounds.MaxLimit}."));
        }

        errors.Range(value, limit.Value, 1, Bounds.MaxLimit, "Choose a number in that range.");
        Refuse(nameof(limit.Initial), limit.Initial);
        Refuse(nameof(limit.Min), limit.Min);
        Refuse(nameof(limit.Max), limit.Max);

        void Refuse(string key, int? given)
        {
            if (given is not null)
            {
                errors.Add(
                    Join(path, key), OptionsErrors.Show(given),
                    "must not be set with Algorithm Fixed, whose limit never moves. Remove it, or choose Adaptive, Aimd, Vegas or Gradient2.");
            }
        }
    }

    private static void ValidateMoving(string path, LimitOptions limit, OptionsErrors errors)
    {
        if (limit.Value is not null)
        {
            errors.Add(
                Join(path, nameof(limit.Value)), OptionsErrors.Show(limit.Value),
                $"must not be set with Algorithm {limit.Algorithm}, which moves the limit. Remove it and set Initial, or choose Fixed.");
        }

        var before = errors.Count;
        errors.Range(Join(path, nameof(limit.Min)), limit.Min, 1, Bounds.MaxLimit, "Choose a number in that range, or leave it out for 4.");
        errors.Range(Join(path, nameof(limit.Max)), limit.Max, 1, Bounds.MaxLimit, "Choose a number in that range, or leave it out for 1000.");
        errors.Range(Join(path, nameof(limit.Initial)), limit.Initial, 1, Bounds.MaxLimit, "Choose a number from Min to Max, or leave it out.");
        if (errors.Count > before)
        {
            return; // What is out of its own range says nothing about the order of the three.
        }

        var min = limit.Min ?? Bounds.DefaultMin;
        var max = limit.Max ?? Bounds.DefaultMax;
        if (min > max)
        {
            // Named at the key that was set, so that the error is found where it was written.
            if (limit.Min is not null)
            {
                errors.Add(Join(path, nameof(limit.Min)), OptionsErrors.Show(min), $"must not exceed Max ({Show(max, limit.Max)}). Raise Max or lower Min.");
            }
            else
            {
                errors.Add(Join(path, nameof(limit.Max)), OptionsErrors.Show(max), $"must not be below Min ({Show(min, limit.Min)}). Lower Min or raise Max.");
            }
        }
        else if (limit.Initial < min)
        {
            errors.Add(
                Join(path, nameof(limit.Initial)), OptionsErrors.Show(limit.Initial),
                $"must not be below Min ({Show(min, limit.Min)}). Lower Min or raise Initial.");
        }
        else if (limit.Initial > max)
        {
            errors.Add(
                Join(path, nameof(limit.Initial)), OptionsErrors.Show(limit.Initial),
                $"must not exceed Max ({Show(max, limit.Max)}). Raise Max or lower Initial.");
        }
    }

    private static void Validate(string path, QueueOptions queue, OptionsErrors errors)
    {
        errors.Range(
            Join(path, nameof(queue.Capacity)), queue.Capacity, 0, Bounds.MaxCount,
            "Choose a number in that range (0: none waits), or leave it out for twice the limit.");
        errors.Range(
            Join(path, nameof(queue.BlockCapacity)), queue.BlockCapacity, 0, Bounds.MaxCount,
            "Choose a number in that range (0: none waits), or leave it out for 1000.");
        errors.Defined<ProcessingOrder>(Join(path, nameof(queue.ProcessingOrder)), queue.ProcessingOrder);
        if (!(queue.MinShare is >= 0 and <= Bounds.MaxMinShare)) // So that what is not a number is refused too.
        {
            errors.Add(
                Join(path, nameof(queue.MinShare)), OptionsErrors.ShowFraction(queue.MinShare),
                OptionsErrors.Invariant($"must be from 0 to {Bounds.MaxMinShare}. Choose a share in that range, or leave it out for 0.01."));
        }
    }

    private static string Show(int value, int? given) => OptionsErrors.Show(value) + (given is null ? ", its default" : string.Empty);
}
