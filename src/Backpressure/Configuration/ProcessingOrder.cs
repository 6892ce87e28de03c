namespace Backpressure;

/// <summary>Who is served first among the waiters of one priority.</summary>
public enum ProcessingOrder
{
    /// <summary>First in, first out. The default.</summary>
    OldestFirst = 0,

    /// <summary>Last in, first out: under long overload some are served in time instead of all too late.</summary>
    NewestFirst = 1,
}
