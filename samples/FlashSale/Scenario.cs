namespace FlashSale;

/// <summary>Everything that the demonstration declares rather than measures, in one place.</summary>
internal static class Scenario
{
    /// <summary>Connections in the shop's pool: the capacity that everybody competes for.</summary>
    public const int PoolSize = 8;

    /// <summary>What every app gets: the smallest size class of a container with an app in it.</summary>
    public const long HeapLimitBytes = 64L * 1024 * 1024;

    public const int AnalyticsBodyBytes = 16 * 1024;

    /// <summary>How many times its measured capacity the shop is asked for.</summary>
    public const double Overload = 5;

    /// <summary>The most of the pool that Critical alone may ask for: with more, no way of choosing could serve all of it.</summary>
    public const double LargestCriticalShareOfPool = 0.6;

    /// <summary>Under <c>--serve</c>: as many of the checkouts as the payment provider's contract lets the shop have checked for fraud.</summary>
    public const double CheckedShareOfCheckouts = 0.8;

    /// <summary>A generator that sends later than this (p99) did not offer what it says it offered: the act is void.</summary>
    public static readonly TimeSpan LargestSendLag = TimeSpan.FromMilliseconds(50);

    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan ActLength = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Each call holds its pooled connection for a round trip of this mean, its real statements included: a local
    /// SQLite file answers faster than any database on a network would. Half of it is fixed, half exponential.
    /// </summary>
    public static readonly RouteProfile Checkout = new(ShopRoute.Checkout, "Critical", 0.10, RoundTripMs: 20, ClientTimeoutMs: 5000);
    public static readonly RouteProfile Product = new(ShopRoute.Product, "Normal", 0.40, RoundTripMs: 20, ClientTimeoutMs: 1000);
    public static readonly RouteProfile Recommendation = new(ShopRoute.Recommendation, "Low", 0.20, RoundTripMs: 30, ClientTimeoutMs: 1000);
    public static readonly RouteProfile Analytics = new(ShopRoute.Analytics, "Low", 0.30, RoundTripMs: 10, ClientTimeoutMs: 1000);

    /// <summary>By <see cref="ShopRoute"/>.</summary>
    public static readonly RouteProfile[] Routes = [Checkout, Product, Recommendation, Analytics];

    /// <summary>From most to least important, as the reports show them.</summary>
    public static readonly string[] Priorities = ["Critical", "Normal", "Low"];
}

/// <summary>The shop's four kinds of work.</summary>
internal enum ShopRoute
{
    Checkout,
    Product,
    Recommendation,
    Analytics,
}

/// <summary>What is declared about one kind of work: its share of the requests, its cost and its caller's patience.</summary>
internal sealed record RouteProfile(ShopRoute Route, string Priority, double Share, double RoundTripMs, int ClientTimeoutMs);
