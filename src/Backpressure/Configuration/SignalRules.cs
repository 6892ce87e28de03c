using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Configuration;

/// <summary>Which keys each kind of signal needs, allows and refuses, and what its thresholds are by default.</summary>
internal static class SignalRules
{
    /// <summary>The thresholds of a kind; null: it has none, they must be given.</summary>
    public static (double Soft, double Hard)? DefaultOf(SignalKind kind) => kind switch
    {
        SignalKind.Cpu => (0.85, 0.97),
        SignalKind.Memory => (0.85, 0.95),
        SignalKind.GarbageCollection => (0.1, 0.4),
        SignalKind.ThreadPoolDelay => (0.02, 0.2),
        _ => null,
    };

    public static void Validate(string path, SignalOptions signal, OptionsErrors errors)
    {
        errors.Defined<SignalKind>(Join(path, nameof(signal.Kind)), signal.Kind);
        errors.Defined(Join(path, nameof(signal.Aggregation)), signal.Aggregation);
        ValidateSource(path, signal, errors);
        ValidateThresholds(path, signal, errors);
        errors.Range(Join(path, nameof(signal.Smoothing)), signal.Smoothing, TimeSpan.Zero, "Choose a duration in that range, or leave it out.");
        errors.Range(
            Join(path, nameof(signal.StaleAfter)), signal.StaleAfter, TimeSpan.FromSeconds(1),
            "Choose a duration in that range, or leave it out for 00:00:10.");
    }

    private static void ValidateSource(string path, SignalOptions signal, OptionsErrors errors)
    {
        bool reads = signal.Kind == SignalKind.Instrument;
        Text(nameof(signal.Meter), signal.Meter, "Npgsql");
        Text(nameof(signal.Instrument), signal.Instrument, "db.client.connection.npgsql.pending_requests");
        if (!reads && signal.Tags.Count > 0)
        {
            errors.Add(Join(path, nameof(signal.Tags)), null, $"is not used by Kind {signal.Kind}. Remove it, or choose Instrument.");
        }

        if (!reads && signal.Aggregation is { } aggregation)
        {
            errors.Add(Join(path, nameof(signal.Aggregation)), aggregation.ToString(), $"is not used by Kind {signal.Kind}. Remove it, or choose Instrument.");
        }

        void Text(string key, string? value, string example)
        {
            if (reads && string.IsNullOrWhiteSpace(value))
            {
                errors.Add(Join(path, key), value is null ? null : OptionsErrors.Quote(value), $"is required by Kind Instrument. Give it a name, such as {example}.");
            }
            else if (!reads && value is not null)
            {
                errors.Add(Join(path, key), OptionsErrors.Quote(value), $"is not used by Kind {signal.Kind}. Remove it, or choose Instrument.");
            }
        }
    }

    private static void ValidateThresholds(string path, SignalOptions signal, OptionsErrors errors)
    {
        (double Soft, double Hard)? defaults = DefaultOf(signal.Kind);
        int before = errors.Count;
        Threshold(nameof(signal.Soft), signal.Soft, defaults?.Soft);
        Threshold(nameof(signal.Hard), signal.Hard, defaults?.Hard);
        if (errors.Count > before)
        {
            return; // One that is missing says nothing about their order.
        }

        double soft = signal.Soft ?? defaults!.Value.Soft;
        double hard = signal.Hard ?? defaults!.Value.Hard;
        if (soft == hard)
        {
            errors.Add(
                Join(path, nameof(signal.Hard)), OptionsErrors.ShowFraction(hard),
                $"must not equal Soft ({OptionsErrors.ShowFraction(soft)}): the limit goes down between them. Raise Hard, or lower it where less is worse.");
        }
        else if (hard < soft && defaults is not null)
        {
            errors.Add(
                Join(path, nameof(signal.Hard)), OptionsErrors.ShowFraction(hard),
                $"must be above Soft ({OptionsErrors.ShowFraction(soft)}) with Kind {signal.Kind}, where more is worse. Raise Hard or lower Soft.");
        }

        void Threshold(string key, double? value, double? otherwise)
        {
            if (value is null && otherwise is null)
            {
                errors.Add(Join(path, key), null, $"is required by Kind {signal.Kind}. Give it a number in the reading's own unit.");
            }
            else if (value is { } given && !double.IsFinite(given))
            {
                errors.Add(Join(path, key), OptionsErrors.ShowFraction(given), "must be a finite number. Write one, such as 5 or 0.85.");
            }
        }
    }
}
