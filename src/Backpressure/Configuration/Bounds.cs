namespace Backpressure.Configuration;

/// <summary>The bounds and defaults that the options' documentation states, in one place for validation and settings.</summary>
internal static class Bounds
{
    /// <summary>The name of the downstream and the policy that always exist.</summary>
    public const string DefaultName = "Default";

    /// <summary>Of a name that becomes a tag: longer ones are a mistake.</summary>
    public const int MaxNameLength = 100;

    public const int MaxLimit = 100_000;
    public const int DefaultInitial = 20;
    public const int DefaultMin = 4;
    public const int DefaultMax = 1000;

    public const int MaxCount = 1_000_000;
    public const int MaxCost = 1000;
    public const double MaxMinShare = 0.2;
    public const int MaxSegments = 100;
    public const int DefaultSegments = 10;

    public static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(10);

    /// <summary>The shortest period of a rate limit; shorter ones only burn time on replenishing.</summary>
    public static readonly TimeSpan MinPeriod = TimeSpan.FromMilliseconds(1);

    public static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan DefaultShedWait = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan DefaultBlockWait = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan DefaultSmoothing = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan DefaultStaleAfter = TimeSpan.FromSeconds(10);
}
