namespace Backpressure.Benchmarks.Live;

/// <summary>What stands between the server's clients and its downstream.</summary>
internal enum Guard
{
    Backpressure,
    RateLimiter,
    Nothing,
}

/// <summary>Who is measured.</summary>
/// <param name="Name">As the rows call it.</param>
/// <param name="LimitTimes">For <see cref="Guard.RateLimiter"/>: its limit, as a multiple of the downstream's workers.</param>
internal sealed record Contender(string Name, Guard Guard, double LimitTimes = 0)
{
    /// <summary>With an empty configuration section: nothing is tuned.</summary>
    public static readonly Contender Backpressure = new("Backpressure", Guard.Backpressure);

    /// <summary>With one signal besides: how long work waits for a thread of the pool.</summary>
    public static readonly Contender WithSignal = new("Backpressure, ThreadPoolDelay", Guard.Backpressure) { ThreadPoolDelay = true };

    /// <summary>And the built-in page is there to be opened.</summary>
    public static readonly Contender WithPage = new("Backpressure, its page", Guard.Backpressure) { Page = true };

    public static readonly Contender Tuned = new("UseRateLimiter, tuned", Guard.RateLimiter, 1);
    public static readonly Contender TooHigh = new("UseRateLimiter, 2x too high", Guard.RateLimiter, 2);
    public static readonly Contender TooLow = new("UseRateLimiter, 2x too low", Guard.RateLimiter, 0.5);
    public static readonly Contender Nothing = new("nothing", Guard.Nothing);

    public static readonly Contender[] All = [Backpressure, Tuned, TooHigh, TooLow, Nothing];

    /// <summary>As they stand in tables.</summary>
    public static readonly Contender[] Known = [Backpressure, WithSignal, WithPage, Tuned, TooHigh, TooLow, Nothing];

    public bool ThreadPoolDelay { get; init; }

    public bool Page { get; init; }

    public int Limit(Plant plant) => Math.Max(1, (int)(plant.Workers * LimitTimes));

    /// <summary>
    /// Twice the workers, as Backpressure's own: 80 ms of waiting at full speed. Long enough never to run dry, short
    /// enough that even at a third of that speed everybody who waits is served within 500 ms.
    /// </summary>
    public static int QueueLimit(Plant plant) => 2 * plant.Workers;
}
