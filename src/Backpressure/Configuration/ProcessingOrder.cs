namespace Backpressure;

/// <summary>Who is served first among the waiters of one partition, within one priority.</summary>
public enum ProcessingOrder
{
    /// <summary>First in, first out. The default.</summary>
    OldestFirst = 0,

    /// <summary>
    /// First in, first out while the queue comes empty now and then. Once somebody of the priority has been waiting at every
    /// moment of the last 100 ms, last in, first out until nobody is: those who came last are served while their callers
    /// still care, and the oldest go when places run short. Sources: RFC 8289 (CoDel), INTERVAL; Facebook's adaptive LIFO.
    /// </summary>
    NewestFirstUnderOverload = 1,
}
