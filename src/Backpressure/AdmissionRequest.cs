namespace Backpressure;

/// <summary>One request that asks to be admitted.</summary>
public readonly record struct AdmissionRequest
{
    internal const int MaxCost = 1000;

    /// <summary>Asks for a request of the given class, with that class's choices.</summary>
    /// <param name="requestClass">The kind of request, from <see cref="LoadShedder.ClassOf"/>.</param>
    public AdmissionRequest(RequestClass requestClass) => Class = requestClass;

    /// <summary>The kind of request.</summary>
    public RequestClass Class { get; }

    /// <summary>This one request's priority; <see langword="null"/> (the default): its class's.</summary>
    public Priority? Priority { get; init; }

    /// <summary>
    /// Whose request it is: the key of its rate limit, and the partition that it is served fairly as when it has to wait.
    /// <see langword="null"/> (the default): it shares one key with all others that have none.
    /// </summary>
    public string? Partition { get; init; }

    /// <summary>
    /// What its partition can be read from, by <see cref="LoadShedder.PartitionReader"/>, if it has to wait: a request that
    /// does not costs no key. Goes before <see cref="Partition"/> there.
    /// </summary>
    internal object? PartitionSource { get; init; }

    /// <summary>Units of the limit it takes: 1 to 1000; 0 (the default): its policy's. Values beyond the range are taken as the nearest bound.</summary>
    public int Cost { get; init; }

    /// <summary>Whether all that decides of it at a free gate is its class's.</summary>
    internal bool IsPlain => Priority is null && Cost == 0 && TimeLeft is null;

    /// <summary>How long its caller still cares, from now; <see langword="null"/> (the default): for ever.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Whether it is made for a request that holds a slot elsewhere meanwhile: it goes before those of its priority that are not.</summary>
    internal bool Nested { get; init; }

    /// <summary>Whether it must not wait, whatever its policy says: a full gate then rejects it at once. Default <see langword="false"/>.</summary>
    public bool NoWait { get; init; }
}
