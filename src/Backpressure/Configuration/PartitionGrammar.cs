namespace Backpressure.Configuration;

/// <summary>How options write whose request it is: a kind, and after a colon the name that some kinds need.</summary>
internal static class PartitionGrammar
{
    private const string Forms = "Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}";

    public static void Validate(OptionsErrors errors, string path, string? text)
    {
        if (text is null || Parse(text) is null)
        {
            var kind = text?.Split(':')[0] ?? string.Empty;
            var wayOut = TryKind(kind, out var known)
                ? NeedsName(known) ? $"Name it after a colon: {Example(known)}." : $"Write {known} alone."
                : NearestName.Question(kind, Enum.GetNames<PartitionKind>()) ?? "Write one of these.";
            errors.Add(path, OptionsErrors.Quote(text), $"must be {Forms}. {wayOut}");
        }
    }

    /// <summary>Null when the text is not of the grammar.</summary>
    public static PartitionSettings? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? null : text[(colon + 1)..];
        if (!TryKind(colon < 0 ? text : text[..colon], out var kind) || NeedsName(kind) != name is not null)
        {
            return null;
        }

        var valid = kind switch
        {
            PartitionKind.Header => HeaderRules.IsToken(name),
            _ => name is null || !string.IsNullOrWhiteSpace(name),
        };
        return valid ? new PartitionSettings(kind, name) : null;
    }

    private static bool NeedsName(PartitionKind kind) => kind is PartitionKind.Claim or PartitionKind.Header or PartitionKind.Route;

    private static string Example(PartitionKind kind) => kind switch
    {
        PartitionKind.Claim => "Claim:tenant",
        PartitionKind.Header => "Header:X-Api-Key",
        _ => "Route:tenant",
    };

    /// <summary>By name only: the framework's parser would take numbers and lists too.</summary>
    private static bool TryKind(string text, out PartitionKind kind)
    {
        foreach (var candidate in Enum.GetValues<PartitionKind>())
        {
            if (text.Equals(candidate.ToString(), StringComparison.OrdinalIgnoreCase))
            {
                kind = candidate;
                return true;
            }
        }

        kind = default;
        return false;
    }
}
