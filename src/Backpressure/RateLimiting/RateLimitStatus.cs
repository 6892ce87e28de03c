using Backpressure.Configuration;

namespace Backpressure.RateLimiting;

/// <summary>What a rate limit says of one key, for the headers.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="Remaining">Permits left now.</param>
/// <param name="Reset">Until more come; zero where that cannot be known (concurrency).</param>
internal sealed record RateLimitStatus(RateLimitSettings Limit, long Remaining, TimeSpan Reset);
