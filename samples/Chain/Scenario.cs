using Backpressure;

namespace Chain;

/// <summary>Everything that the demonstration declares rather than measures, in one place.</summary>
internal static class Scenario
{
    /// <summary>Requests a second that arrive at Edge, at random (Poisson), whatever becomes of them.</summary>
    public const double OfferedPerSecond = 120;

    /// <summary>What Payments can do at a time; more than that waits inside, as for a database.</summary>
    public const int PaymentsSlots = 12;

    /// <summary>How long a payment takes on average, and how much longer while Payments is slowed.</summary>
    public const int PaymentMs = 50;
    public const int SlowedTimes = 6;

    /// <summary>Both callers try again so often, in both runs.</summary>
    public const int MoreAttempts = 3;

    public static readonly TimeSpan FirstRetryAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>The time-out of one attempt: of Edge's calls to Checkout, and of Checkout's to Payments.</summary>
    public static readonly TimeSpan EdgeAttempt = TimeSpan.FromSeconds(1.5);
    public static readonly TimeSpan CheckoutAttempt = TimeSpan.FromSeconds(0.75);

    /// <summary>The clients' patience: after that they have gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    public static readonly TimeSpan Before = TimeSpan.FromSeconds(4);
    public static readonly TimeSpan Slowed = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan After = TimeSpan.FromSeconds(10);

    /// <summary>Beyond this (p99 of how late requests were sent) the load was not what it should have been, and a run is void.</summary>
    public static readonly TimeSpan LargestSendLag = TimeSpan.FromMilliseconds(50);

    /// <summary>Who asks, in parts of the offered load.</summary>
    public static readonly IReadOnlyList<(Priority Priority, double Share)> Mix = [(Priority.Critical, 0.2), (Priority.Normal, 0.5), (Priority.Low, 0.3)];

    /// <summary>Payments a second, as it is and slowed.</summary>
    public static double CapacityPerSecond => PaymentsSlots * 1000.0 / PaymentMs;
    public static double SlowedCapacityPerSecond => CapacityPerSecond / SlowedTimes;

    /// <summary>When Payments gets slow and when it is well again, from the start of the load.</summary>
    public static TimeSpan SlowFrom => WarmUp + Before;
    public static TimeSpan SlowUntil => SlowFrom + Slowed;
    public static TimeSpan End => SlowUntil + After;
}
