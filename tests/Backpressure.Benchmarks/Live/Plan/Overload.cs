using System.Globalization;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// The overload rows: 16 workers, 40 ms on average (half of it fixed, half exponential), so 400 a second; clients wait
/// for 500 ms; a fifth of the load is Critical.
/// </summary>
internal static class Overload
{
    public const string Work = "overload";
    public const string Goodput = "goodput (of capacity)";
    public const string CriticalInTime = "critical in time (%)";
    public const string GoodputHalved = "goodput while halved (of full capacity)";
    public const double CapacityPerSecond = 400;

    public static readonly double[] Loads = [2, 5, 10];
    public static readonly Plant Fixed = new("fixed", 16, Contention: 0);
    public static readonly Plant Contention = new("contention", 16, Contention: 0.5);

    private const int ClientTimeoutMs = 500;
    private const string Full = "full";
    private const string Half = "half";
    private const string Again = "again";

    private static readonly double[] Shares = [0.2, 0.8];
    private static readonly Route[] Routes =
    [
        new("/critical", Priority.Critical, 20, 20),
        new("/normal", Priority.Normal, 20, 20),
    ];

    /// <summary>The name of an overload step, by which the picture finds it.</summary>
    public static string NameOf(double load, Plant plant) => string.Create(CultureInfo.InvariantCulture, $"{Work} {load:0}x, {plant.Name}");

    public static string HalvedNameOf(Plant plant) => $"capacity halves, {plant.Name}";

    /// <summary>Whether the downstream is what it is said to be, by as many callers as shall be in it.</summary>
    public static IEnumerable<Experiment> PlantChecks(bool quick)
    {
        (Plant Plant, int InIt, double Percent)[] all = [(Fixed, 16, 100), (Fixed, 80, 100), (Contention, 16, 100), (Contention, 32, 67), (Contention, 80, 33)];
        foreach ((Plant plant, int inIt, double percent) in all)
        {
            yield return new Experiment($"downstream, {plant.Name}", plant, Routes, [], 10_000, [Contender.Nothing], run =>
            [
                // Between an answer and its caller's next request passes some time in which one fewer is in it.
                new Figure($"throughput with {inIt} in it, off {percent} % of capacity (%)", Math.Abs((run.ClosedLoopPerSecond * 100 / CapacityPerSecond) - percent), Target.Most(5)),
            ])
            {
                ClosedLoop = new ClosedLoopSettings(inIt, WarmUpSeconds: 1, Seconds: quick ? 3 : 6),
            };
        }
    }

    public static Experiment Step(double load, Plant plant, Lengths lengths, IReadOnlyList<Contender> contenders)
    {
        Target critical = load switch { 2 => Target.LeastPercent(100), 5 => Target.LeastPercent(97), _ => Target.LeastPercent(48) };
        Phase[] phases = Steady(load, ("warm-up", lengths.WarmUp), (Full, lengths.Overload));
        return new Experiment(NameOf(load, plant), plant, Routes, phases, ClientTimeoutMs, contenders, run =>
        [
            new Figure(Goodput, run.Goodput(Full, CapacityPerSecond), Target.Least(plant.Contention == 0 ? 0.97 : 0.93)),
            new Figure(CriticalInTime, run.ServedPercent(Full, "/critical"), critical),
            new Figure("critical p99 (ms)", run.P99Ms(Full, "/critical"), load == 2 ? Target.Most(150) : null),
        ]);
    }

    public static Experiment Halved(Plant plant, Lengths lengths, IReadOnlyList<Contender> contenders)
    {
        Phase[] phases = Steady(0.9, ("warm-up", lengths.WarmUp), (Full, lengths.Before), (Half, lengths.Halved), (Again, lengths.After));
        Experiment experiment = new(HalvedNameOf(plant), plant, Routes, phases, ClientTimeoutMs, contenders, run =>
        [
            new Figure("goodput before (of capacity)", run.Goodput(Full, CapacityPerSecond)),
            new Figure(GoodputHalved, run.Goodput(Half, CapacityPerSecond), Target.Least(plant.Contention == 0 ? 0.47 : 0.40)),
            new Figure("recovery (s)", run.RecoverySeconds(Again), Target.Most(1)),
        ]);
        return experiment with
        {
            Changes =
            [
                new CapacityChange(experiment.During(Half).From, plant.Workers / 2),
                new CapacityChange(experiment.During(Half).To, plant.Workers),
            ],
        };
    }

    private static Phase[] Steady(double load, params (string Name, double Seconds)[] phases)
        => [.. phases.Select(p => new Phase(p.Name, p.Seconds, load * CapacityPerSecond, Shares))];
}
