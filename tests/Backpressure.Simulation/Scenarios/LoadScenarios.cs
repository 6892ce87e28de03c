using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>The load changes, or the capacity does.</summary>
internal static class LoadScenarios
{
    public static Scenario Step { get; } = new()
    {
        Number = 1,
        Title = "step 0.7× → 2× → 0.7×",
        Phases = [new(20, 0.7), new(60, 2), new(20, 0.7)],
        Figures =
        [
            Figure.Least("goodput", 0.92, static (run, _) => Measure.Goodput(run, 1)) with { Merit = Catalogue.Itself },
            Figure.Most("p99 ÷ oracle's", 1.15, static (run, oracle) => Measure.Ratio(Measure.P99(run, 1), Measure.P99(oracle, 1))),
            Figure.Most("seconds to normal after", 2, static (run, _) => Measure.SecondsUntilQuiet(run, 2)),
            new("t_conv, seconds", static (run, _) => Measure.SecondsUntilConverged(run, 1)) { AtLeast = false },
        ],
    };

    public static Scenario Long { get; } = new()
    {
        Number = 2,
        Title = "1.2× for 600 s",
        Phases = [new(20, 0.7), new(600, 1.2)],
        Figures =
        [
            Figure.Most("limit(600 s) ÷ limit(60 s)", 1.15, static (run, _) => Measure.LimitAround(run, 1, 595) / Measure.LimitAround(run, 1, 60)),
            Figure.Least("goodput", 0.95, static (run, _) => Measure.Goodput(run, 1)),
        ],
    };

    public static Scenario Ramp { get; } = new()
    {
        Number = 3,
        Title = "ramp 0 → 4× over 120 s",

        // In two, so that what comes before saturation is not judged.
        Phases = [new(30, 0) { LoadAtEnd = 1 }, new(90, 1) { LoadAtEnd = 4 }],
        Figures = [Figure.Least("goodput of the worst 5 s", 0.9, static (run, _) => Measure.WorstGoodput(run, 1))],
    };

    public static Scenario Drop { get; } = new()
    {
        Number = 4,
        Title = "C 20 → 6 → 20 at 1.2×",
        Phases = [new(30, 1.2), new(30, 1.2) { Capacity = 0.3 }, new(20, 1.2), new(20, 1.2)],
        Figures =
        [
            Figure.Least("goodput of what is left", 0.85, static (run, _) => Measure.Goodput(run, 1)) with { Merit = Catalogue.Itself },
            Figure.Least("  its worst 5 s", 0.75, static (run, _) => Measure.WorstGoodput(run, 1)),
            Figure.Least("goodput from 20 s after", 0.9, static (run, _) => Measure.Goodput(run, 3)) with { Merit = Catalogue.Itself },
        ],
    };

    public static Scenario Halves { get; } = new()
    {
        Number = 4,
        Title = "C 20 → 10 → 20 at 0.9×",
        Phases = [new(20, 0.9), new(10, 0.9) { Capacity = 0.5 }, new(10, 0.9), new(1, 0.9)],
        Figures =
        [
            Figure.Least("goodput of the half", 0.9, static (run, _) => Measure.Goodput(run, 1)),
            Figure.Most("seconds until 95 % is served after", 1, static (run, _) => Measure.SecondsUntilServed(run, 2)),
        ],
    };

    public static Scenario Lull { get; } = new()
    {
        Number = 8,
        Title = "lull 0.15× → 0.9×",
        Phases = [new(20, 0.9), new(40, 0.15), new(5, 0.9), new(1, 0.9)],
        Figures = [Figure.Most("rejected within 5 s", 0.01, static (run, _) => Measure.RefusedShare(run, 2)) with { Merit = Catalogue.Served }],
    };

    public static Scenario ColdStart { get; } = new()
    {
        Number = 8,
        Title = "cold start at 2×",
        Phases = [new(5, 2), new(1, 2)],
        Initials = [20],
        Figures = [Figure.Least("goodput of the first 5 s", 0.9, static (run, _) => Measure.Goodput(run, 0)) with { Merit = Catalogue.Itself }],
    };
}
