namespace Backpressure;

/// <summary>
/// The gates whose slots a request and its callers hold, as a header tells it from service to service. Who finds his own gate
/// there must not let the request wait: it would wait for a slot that itself holds.
/// </summary>
/// <param name="Before">The header as it came; null: none.</param>
/// <param name="Gate">The gate passed here; null: none.</param>
internal readonly record struct CallChain(string? Before, string? Gate)
{
    public const string Header = "Backpressure-Chain";

    /// <summary>Beyond it the oldest are forgotten: a chain as long as this has other problems.</summary>
    private const int MaxLength = 400;

    public static CallChain None => default;

    public bool IsEmpty => Before is null && Gate is null;

    /// <summary>Whether the gate passed here was passed before, so that what is held here may be held by its own callers.</summary>
    public bool HasComeBack => Before is not null && Gate is not null && Contains(Before, Gate);

    /// <summary>Whether a header's value names a gate.</summary>
    public static bool Contains(string chain, string gate)
    {
        foreach (Range range in chain.AsSpan().Split(','))
        {
            if (chain.AsSpan(range).Trim().SequenceEqual(gate))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What calls made for the request say.</summary>
    public override string ToString()
    {
        string before = Before ?? string.Empty;
        if (before.Length > MaxLength)
        {
            // From the first comma on, behind which there is no more than that.
            int comma = before.IndexOf(',', before.Length - MaxLength - 1);
            before = comma < 0 ? string.Empty : before[(comma + 1)..];
        }

        return Gate is null ? before : before.Length == 0 ? Gate : $"{before},{Gate}";
    }
}
