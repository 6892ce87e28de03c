namespace Backpressure.Benchmarks;

/// <summary>All that is compared, by name, prepared only when its turn comes.</summary>
internal static class Works
{
    public static IReadOnlyDictionary<string, Func<IEnumerable<Comparison>>> All { get; } = new OrderedDictionary<string, Func<IEnumerable<Comparison>>>
    {
        ["free"] = static () => [FreeGateWork.OneThread(), FreeGateWork.EveryOneMeasured()],
        ["refusal"] = static () => [RefusalWork.Refusal()],
        ["threads"] = static () => [FreeGateWork.TwoThreads()],
        ["middleware"] = MiddlewareWork.All,
        ["queue"] = QueueWork.All,
        ["tenants"] = static () => [TenantWork.HandOver()],
        ["http"] = HttpWork.All,
        ["client"] = static () => [ClientWork.FreeDestination(), ClientWork.AnsweredLater()],
    };

    /// <summary>The first comparison whose title begins so.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static Comparison Find(string title) =>
        All.Values.SelectMany(static prepare => prepare()).FirstOrDefault(c => c.Work.StartsWith(title, StringComparison.OrdinalIgnoreCase))
        ?? throw new UsageException($"No comparison's title begins with {title}; compare prints them.");
}
