namespace Backpressure.Redis;

/// <summary>What a fleet's limit says while its store cannot be asked.</summary>
public enum WhenDisconnected
{
    /// <summary>
    /// Each replica keeps the limit by itself, at its full value, from a fresh start: ten replicas admit at most ten times as much.
    /// The default.
    /// </summary>
    ReplicaLimit = 0,

    /// <summary>Everybody passes; the gates still hold.</summary>
    Allow = 1,

    /// <summary>Nobody passes: 429 with a <c>Retry-After</c> of 1 s.</summary>
    Refuse = 2,
}
