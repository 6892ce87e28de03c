namespace Backpressure;

/// <summary>Counts by priority.</summary>
internal readonly record struct PriorityCounts(long Critical, long High, long Normal, long Low)
{
    public long Sum => Critical + High + Normal + Low;

    public static PriorityCounts operator +(PriorityCounts left, PriorityCounts right) => new(
        left.Critical + right.Critical, left.High + right.High, left.Normal + right.Normal, left.Low + right.Low);

    public static PriorityCounts operator -(PriorityCounts left, PriorityCounts right) => new(
        left.Critical - right.Critical, left.High - right.High, left.Normal - right.Normal, left.Low - right.Low);

    public static PriorityCounts Of(ReadOnlySpan<long> counts) => new(
        counts[(int)Priority.Critical], counts[(int)Priority.High], counts[(int)Priority.Normal], counts[(int)Priority.Low]);
}
