using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>A few requests hold their units for long: a third of all units, or half.</summary>
internal static class HoldScenarios
{
    private const double Long = 400;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        // Slow clients, who keep no server busy: beside them the others have all of it.
        Of("2×, one in 800 is held 400 times as long by a slow client", "downloads", new("download", 1, 1 / (2 * Long)) { Lingers = Long, IsSample = false }),

        // The same ten units, by ten times as many.
        Of("2×, one in 80 is held 40 times as long by a slow client", "uploads", new("upload", 1, 1.0 / 80) { Lingers = 40, IsSample = false }),

        // The others have what these leave them.
        Of("2×, one in 400 runs 400 times as long", "reports", new("report", Long, 1 / Long) { Patience = Long }),
    ];

    private static Scenario Of(string title, string name, RequestKind longest) => new()
    {
        Number = 14,
        Title = title,
        Kinds = [new("page"), longest],
        Initials = [1, 20, 1000],
        Phases = [new(20, 0.7), new(120, 2), new(2, 2)],
        Figures =
        [
            Figure.Least($"{name}: work ÷ oracle's", 0.92, static (run, oracle) => Measure.Ratio(Measure.Goodput(run, 1), Measure.Goodput(oracle, 1))),
            Figure.Most($"{name}: pages' p99 ÷ oracle's", 1.15, static (run, oracle) => Measure.Ratio(Measure.P99(run, 1), Measure.P99(oracle, 1))),
        ],
    };
}
