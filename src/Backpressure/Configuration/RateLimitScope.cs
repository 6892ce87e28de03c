namespace Backpressure;

/// <summary>Who keeps a rate limit together.</summary>
public enum RateLimitScope
{
    /// <summary>Each replica for itself: ten of them admit ten times as much. The default.</summary>
    Replica = 0,

    /// <summary>All replicas together, by a store that they share, such as that of the package Backpressure.Redis.</summary>
    Fleet = 1,
}
