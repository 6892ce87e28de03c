namespace Backpressure.Redis.Limits;

/// <summary>What decided of a request.</summary>
internal enum DecisionSource
{
    /// <summary>The store.</summary>
    Store,

    /// <summary>The store's last refusal of the same key, which holds still.</summary>
    LocalRefusal,

    /// <summary><see cref="WhenDisconnected"/>.</summary>
    Fallback,
}
