namespace Backpressure.AspNetCore;

/// <summary>How the page of <c>MapBackpressureDashboard</c> behaves.</summary>
public sealed class BackpressureDashboardOptions
{
    /// <summary>The most partitions that can be listed.</summary>
    internal const int MostPartitions = 50;

    /// <summary>The most pages that may be allowed.</summary>
    internal const int MostPages = 1000;

    /// <summary>
    /// Whether partitions (users, tenants, addresses) are listed by their names. Default <see langword="false"/>: by a hash, since
    /// who is heavy is personal data and whoever may see the page need not know who it is.
    /// </summary>
    public bool ShowPartitionNames { get; set; }

    /// <summary>How many of the heaviest partitions are listed: 0 (none, and nothing is measured for it) to 50. Default 10.</summary>
    public int Partitions { get; set; } = 10;

    /// <summary>
    /// How many pages may be open at once: 1 to 1000; one more is answered 503 and tries again by itself. Default 100.
    /// </summary>
    public int MaxPages { get; set; } = 100;

    /// <summary>Everything that is wrong, each with its key, its value, its bound and the way out.</summary>
    internal IEnumerable<string> Validate()
    {
        if (Partitions is < 0 or > MostPartitions)
        {
            yield return $"{nameof(BackpressureDashboardOptions)}.{nameof(Partitions)} ({Partitions}) must be 0 to {MostPartitions}. Use 0 to list none.";
        }

        if (MaxPages is < 1 or > MostPages)
        {
            yield return $"{nameof(BackpressureDashboardOptions)}.{nameof(MaxPages)} ({MaxPages}) must be 1 to {MostPages}. "
                + "Leave it out for 100, or do not map the page where nobody may open it.";
        }
    }
}
