using Backpressure.Configuration;

namespace Backpressure.RateLimiting;

/// <summary>
/// Keeps the limits whose scope is <see cref="RateLimitScope.Fleet"/>, for all replicas together. Of the store behind it the
/// engine knows nothing.
/// </summary>
internal interface IFleetStore
{
    /// <summary>
    /// Asks for one permit of a key. Takes no longer than its own bound and fails by no fault of the store: what is to be
    /// done then is its answer.
    /// </summary>
    /// <param name="limit">The limit in force.</param>
    /// <param name="key">Whose request it is; null: that of all who have no key.</param>
    /// <returns>The answer; null: this replica's own limiter shall decide.</returns>
    ValueTask<RateLimitAnswer?> AskAsync(RateLimitSettings limit, string? key);
}
