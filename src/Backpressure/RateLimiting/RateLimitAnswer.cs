using System.Threading.RateLimiting;

namespace Backpressure.RateLimiting;

/// <summary>What a partition says to one request.</summary>
/// <param name="IsAcquired">Whether it has its permit.</param>
/// <param name="Remaining">Permits left after it.</param>
/// <param name="UntilMore">Until there are more; zero when there cannot be more or nobody can know.</param>
/// <param name="Held">What it must give back; null: nothing.</param>
internal readonly record struct RateLimitAnswer(bool IsAcquired, long Remaining, TimeSpan UntilMore, RateLimitLease? Held);
