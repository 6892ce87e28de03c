namespace Backpressure;

/// <summary>
/// How much a request matters to the business. When a downstream is full, higher priorities pass first and
/// lower ones are shed first. Default: <see cref="Normal"/>.
/// </summary>
/// <remarks>
/// Four levels, as in Google's criticality (CRITICAL_PLUS, CRITICAL, SHEDDABLE_PLUS, SHEDDABLE).
/// Source: Site Reliability Engineering, chapter 21, "Handling Overload".
/// </remarks>
public enum Priority
{
    /// <summary>Users or money are lost when it fails: a payment, a login.</summary>
    Critical = 0,

    /// <summary>Users see at once that it failed.</summary>
    High = 1,

    /// <summary>What is not said to be anything else.</summary>
    Normal = 2,

    /// <summary>Nobody minds for a while: recommendations, prefetching, analytics, batches.</summary>
    Low = 3,
}
