namespace Backpressure;

/// <summary>Who is told how many more requests he may send, so that what cannot be served waits where it is made.</summary>
public enum CreditGrant
{
    /// <summary>
    /// Those who are trusted by <see cref="PriorityHeaderOptions.KnownIPNetworks"/> or <see cref="PriorityHeaderOptions.Claim"/>; where
    /// neither is set, nobody. The default.
    /// </summary>
    Known = 0,

    /// <summary>Everybody: also tells strangers how busy the service is.</summary>
    Everybody = 1,

    /// <summary>Nobody.</summary>
    Nobody = 2,
}
