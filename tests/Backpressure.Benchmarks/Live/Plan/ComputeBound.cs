namespace Backpressure.Benchmarks.Live;

/// <summary>
/// Handlers that compute on the server's one core, 4 ms each: the queue is the thread pool's, before any middleware. Critical asks for
/// a quarter of what the core can do, from the beginning to the end; then the others come, nineteen times as many.
/// </summary>
internal static class ComputeBound
{
    private const double ServiceMs = 4;
    private const double CapacityPerSecond = 1000 / ServiceMs;
    private const string Unloaded = "unloaded";
    private const string Settling = "settling";
    private const string Full = "full";

    /// <summary>What Critical asks for, as a part of the capacity.</summary>
    private const double Critical = 0.25;

    public static Experiment At(double load, Lengths lengths, IReadOnlyList<Contender> contenders) => new(
        $"compute-bound at {load:0}x",
        Plant.Processor,
        [new("/critical", Priority.Critical, ServiceMs), new("/normal", Priority.Normal, ServiceMs)],
        [Phase("warm-up", lengths.WarmUp, Critical), Phase(Unloaded, lengths.Phase, Critical), Phase(Settling, 2, load), Phase(Full, lengths.Phase, load)],
        1000,
        contenders,
        run =>
        [
            new Figure("critical p99 unloaded (ms)", run.P99Ms(Unloaded, "/critical")),
            new Figure("critical p99 (ms)", run.P99Ms(Full, "/critical")),
            new Figure("critical p99 over unloaded", run.P99Ms(Full, "/critical") / run.P99Ms(Unloaded, "/critical"), Target.Most(3)),
            new Figure("critical in time (%)", run.ServedPercent(Full, "/critical"), Target.Least(99)),
            new Figure("goodput (of capacity)", run.Goodput(Full, CapacityPerSecond)),
        ])
    {
        // It is the signal that is claimed to help.
        Claimed = Contender.WithSignal,
    };

    private static Phase Phase(string name, double seconds, double times) =>
        new(name, seconds, times * CapacityPerSecond, [Critical / times, 1 - (Critical / times)]);
}
