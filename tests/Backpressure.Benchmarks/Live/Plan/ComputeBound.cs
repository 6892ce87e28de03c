namespace Backpressure.Benchmarks.Live;

/// <summary>
/// Handlers that compute on the server's one core, 4 ms each: the queue is the thread pool's, before any middleware. A tenth of the
/// load is Critical, half of what the core can do at five times its capacity.
/// </summary>
internal static class ComputeBound
{
    private const double ServiceMs = 4;
    private const double CapacityPerSecond = 1000 / ServiceMs;
    private const string Unloaded = "unloaded";
    private const string Settling = "settling";
    private const string Full = "full";

    private static readonly double[] Shares = [0.1, 0.9];

    public static Experiment At(double load, Lengths lengths, IReadOnlyList<Contender> contenders) => new(
        $"compute-bound at {load:0}x",
        Plant.Processor,
        [new("/critical", Priority.Critical, ServiceMs), new("/normal", Priority.Normal, ServiceMs)],
        [Phase("warm-up", lengths.WarmUp, 0.1), Phase(Unloaded, lengths.Phase, 0.1), Phase(Settling, 2, load), Phase(Full, lengths.Phase, load)],
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

    private static Phase Phase(string name, double seconds, double times) => new(name, seconds, times * CapacityPerSecond, Shares);
}
