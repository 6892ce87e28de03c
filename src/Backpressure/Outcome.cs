namespace Backpressure;

/// <summary>What became of a request that ran, as a sign of its downstream's health.</summary>
public enum Outcome
{
    /// <summary>The work was done; its latency is a sample.</summary>
    Success = 0,

    /// <summary>The downstream timed out or refused: a sign of overload that lowers the limit.</summary>
    Dropped = 1,

    /// <summary>Says nothing about capacity: the client went away, or the request failed for a reason of its own.</summary>
    Ignored = 2,
}
