using FlashSale.Load;
using FlashSale.Shop;

namespace FlashSale.Acts;

/// <summary>What the shop can do at its best, and what each kind of work costs it.</summary>
/// <param name="RequestsPerSecond">Of the declared mix, all served.</param>
/// <param name="BestConcurrency">The fewest requests in flight that reach it (within 3 %).</param>
/// <param name="CostSeconds">By <see cref="ShopRoute"/>: how long one call holds a connection, as measured.</param>
/// <param name="WorkPerSecond">Connection-seconds of served work a second: the yardstick of goodput.</param>
/// <param name="RateByLevel">Requests a second, by <see cref="Levels"/>.</param>
internal sealed record Capacity(double RequestsPerSecond, int BestConcurrency, IReadOnlyList<double> CostSeconds, double WorkPerSecond, IReadOnlyList<double> RateByLevel)
{
    /// <summary>How many callers are let in at once, one level after the other: as many as the pool has, and more.
    /// The fewest come last, so that a process still warming up does not make many look better than few.</summary>
    public static readonly int[] Levels = [16, 12, 10, 8];

    public double OfferedPerSecond => Scenario.Overload * RequestsPerSecond;

    /// <summary>The share of the pool that Critical would take if every one of its requests were served.</summary>
    public double CriticalShareOfPool
        => OfferedPerSecond * Scenario.Checkout.Share * CostSeconds[(int)ShopRoute.Checkout] / Scenario.PoolSize;

    public static Capacity From(RequestLog log, TimeSpan levelLength, IReadOnlyList<PoolUseReading> use)
    {
        double[] costs = [.. use.Select(u => u.Held.TotalSeconds / u.Calls)];
        double[] rates = [.. Levels.Select((_, level) => log.Records.Count(r => r.Phase == level + 1 && r.IsSuccess) / levelLength.TotalSeconds)];
        int best = Array.IndexOf(rates, rates.Max());
        int optimum = Array.FindLastIndex(rates, rate => rate >= 0.97 * rates[best]);
        double work = log.Records.Where(r => r.Phase == best + 1 && r.IsSuccess).Sum(r => costs[(int)r.Route]) / levelLength.TotalSeconds;
        return new Capacity(rates[best], Levels[optimum], costs, work, rates);
    }
}

/// <summary>A shop process's answer about its pool.</summary>
internal sealed record PoolUseReading(long Calls, TimeSpan Held);
