using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>What is in flight is not what is measured: some give no sample, some take more units than one.</summary>
internal static class UnitScenarios
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        Of("2×, half of them no sample", "half sampled", new("sampled", 1, 0.5), new("other", 1, 0.5) { IsSample = false }),
        Of("2×, each of four units", "four units", new RequestKind("all") { Cost = 4 }),
        Of("2×, one in five of three units and servers", "mixed units", new("light", 1, 0.8), new("heavy", 1, 0.2) { Cost = 3, Servers = 3 }),
    ];

    private static Scenario Of(string title, string name, params RequestKind[] kinds) => new()
    {
        Number = 13,
        Title = title,
        Kinds = kinds,
        Phases = [new(20, 0.7), new(60, 2), new(2, 2)],
        Figures =
        [
            Figure.Least($"{name}: goodput", 0.92, static (run, _) => Measure.Goodput(run, 1)),
            Figure.Most($"{name}: p99 ÷ oracle's", 1.15, static (run, oracle) => Measure.Ratio(Measure.P99(run, 1), Measure.P99(oracle, 1))),
        ],
    };
}
