using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>Requests take longer, or other requests come: not the same as congestion.</summary>
internal static class LatencyScenarios
{
    // 20 ms and 400 ms where W is 50 ms.
    private static readonly RequestKind[] _routes = [new("fast", 0.4, 0.6), new("slow", 8, 0.4)];
    private static readonly double[] _mostlyFast = [0.95, 0.05];

    // The mean of the mix 60/40, ÷ 50 ms.
    private const double MeanOfRoutes = 3.44;

    public static Scenario MixShift { get; } = new()
    {
        Number = 5,
        Title = "20/400 ms routes, 95/5 → 60/40",
        Kinds = _routes,
        Patience = MeanOfRoutes,
        Phases = [new(10, 0.7) { Mix = _mostlyFast }, new(30, 0.7) { Mix = _mostlyFast }, new(60, 0.7)],
        Figures = [Figure.Most("false rejects", 0.005, static (run, _) => RefusedFrom(run, 1))],
    };

    public static Scenario TwoRoutes { get; } = new()
    {
        Number = 6,
        Title = "20/400 ms routes at 2×",
        Kinds = _routes,
        Servers = 3,
        Patience = MeanOfRoutes,
        Phases = [new(20, 0.7), new(60, 2), new(2, 2)],
        Figures =
        [
            Figure.Least("goodput", 0.92, static (run, _) => Measure.Goodput(run, 1)),
            Figure.Most("fast route's p99 ÷ oracle's", 1.3, static (run, oracle) => Measure.Ratio(Measure.P99(run, 1), Measure.P99(oracle, 1))),
        ],
    };

    public static Scenario SlowDown { get; } = new()
    {
        Number = 7,
        Title = "latency × 4 without congestion",
        Servers = 20,
        Phases = [new(30, 0.05), new(20, 0.05) { Latency = 4 }, new(30, 0.05) { Latency = 4 }],
        Figures =
        [
            Figure.Most("false rejects, first 20 s", 0.2, static (run, _) => Measure.RefusedShare(run, 1)) with { Merit = Catalogue.Served },
            Figure.Most("false rejects after", 0.01, static (run, _) => Measure.RefusedShare(run, 2)) with { Merit = Catalogue.Served },
        ],
    };

    private static double RefusedFrom(Running.RunRecord run, int phase)
    {
        (int offered, int refused) = (0, 0);
        for (; phase < run.Timeline.Scenario.Phases.Count; phase++)
        {
            for (int kind = 0; kind < run.Timeline.Scenario.Kinds.Count; kind++)
            {
                Running.Tally tally = run.TallyOf(phase, kind);
                offered += tally.Offered;
                refused += tally.Refused;
            }
        }

        return (double)refused / Math.Max(1, offered);
    }
}
