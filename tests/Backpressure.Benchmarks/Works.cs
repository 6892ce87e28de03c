namespace Backpressure.Benchmarks;

/// <summary>All that is compared, prepared only when its turn comes.</summary>
internal static class Works
{
    public static IEnumerable<(string Name, Func<IEnumerable<Comparison>> Prepare)> All { get; } =
    [
        ("free", () => [FreeGateWork.OneThread()]),
        ("refusal", () => [RefusalWork.Refusal()]),
        ("threads", () => [FreeGateWork.TwoThreads()]),
        ("middleware", MiddlewareWork.All),
        ("queue", QueueWork.All),
        ("client", () => [ClientWork.FreeDestination()]),
    ];
}
