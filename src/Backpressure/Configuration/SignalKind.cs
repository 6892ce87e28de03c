namespace Backpressure;

/// <summary>What a signal reads.</summary>
public enum SignalKind
{
    /// <summary>An instrument of <c>System.Diagnostics.Metrics</c>, by its meter and name.</summary>
    Instrument,

    /// <summary>
    /// The share of the processor time in use: of the container's quota (cgroup v1 and v2) by the container, where it has one;
    /// otherwise of the whole machine by all of it. 0 to 1; Soft 0.85, Hard 0.97.
    /// </summary>
    Cpu,

    /// <summary>
    /// The share of memory in use: the larger of the container's working set against its limit (the machine's where it has none) and
    /// the managed heap after the last collection against the limit of the heap. 0 to 1; Soft 0.85, Hard 0.95.
    /// </summary>
    Memory,

    /// <summary>The share of time for which garbage collections have stopped the process. 0 to 1; Soft 0.1, Hard 0.4.</summary>
    GarbageCollection,

    /// <summary>
    /// How long work waits for a thread of the pool, in seconds, measured by queueing some. Soft 0.02, Hard 0.2. Source of 20 ms: the
    /// queueing time at which DAGOR takes a service for overloaded (Zhou et al., SoCC 2018).
    /// </summary>
    ThreadPoolDelay,

    /// <summary>An <see cref="ICapacitySignal"/> of the same name.</summary>
    Custom,
}
