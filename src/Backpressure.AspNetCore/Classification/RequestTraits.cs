namespace Backpressure.AspNetCore;

/// <summary>What is particular to one request. Filled in from its headers; <see cref="BackpressureHttpOptions.Classify"/> may change it.</summary>
public record struct RequestTraits
{
    /// <summary>Its priority; <see langword="null"/>: its policy's or endpoint's.</summary>
    public Priority? Priority { get; set; }

    /// <summary>
    /// Whose request it is: the key of its rate limit, and whom it is served fairly as when it has to wait. Kept apart from the keys found by configuration, so a value made
    /// here never meets one of those. Beyond 128 characters a digest of it is used. <see langword="null"/> (also when
    /// there is a key by configuration): as configured.
    /// </summary>
    public string? Partition { get; set; }

    /// <summary>Units of the limit it takes: 1 to 1000, the nearest bound beyond; 0 (the default): its policy's.</summary>
    public int Cost { get; set; }

    /// <summary>How long its caller still cares; <see langword="null"/>: for ever.</summary>
    public TimeSpan? TimeLeft { get; set; }
}
