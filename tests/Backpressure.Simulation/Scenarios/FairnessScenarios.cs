using System.Globalization;
using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>Who is served when not all can be.</summary>
internal static class FairnessScenarios
{
    private const int OtherTenants = 9;

    private static readonly RequestKind[] _priorities =
    [
        new("Critical", Share: 0.2) { Priority = Priority.Critical, Route = "all" },
        new("Normal", Share: 0.5) { Priority = Priority.Normal, Route = "all" },
        new("Low", Share: 0.3) { Priority = Priority.Low, Route = "all" },
    ];

    private static readonly double[] _fewCritical = [0.08, 0.5, 0.42];

    public static IReadOnlyList<Scenario> Priorities { get; } = [At(2, null), At(4, null), At(10, _fewCritical)];

    /// <summary>A share is a tenth of the capacity: the first tenant asks for ten of them, the others for half of one each.</summary>
    public static Scenario Tenants { get; } = new()
    {
        Number = 10,
        Title = "one tenant at 10× its share, nine at 0.5×",
        Kinds = [Tenant("greedy", 10), .. Enumerable.Range(1, OtherTenants).Select(i => Tenant($"tenant {i}", 0.5))],
        HasTenants = true,
        Phases = [new(20, 0.45) { Mix = [0.5, .. Enumerable.Repeat(0.5, OtherTenants)] }, new(60, 1.45), new(1, 1.45)],
        Figures =
        [
            Figure.Least("the nine served", 0.99, static (run, _) => Measure.Served(run, 1, 1, OtherTenants)) with { Strict = true },
            Figure.Least("Jain's index", 0.9, static (run, _) => Measure.JainIndex(run, 1)) with { Strict = true },
            new("goodput", static (run, _) => Measure.Goodput(run, 1)),
        ],
    };

    private static RequestKind Tenant(string name, double shares) => new(name, Share: shares) { Route = "all" };

    private static Scenario At(double load, IReadOnlyList<double>? mix)
    {
        string prefix = string.Create(CultureInfo.InvariantCulture, $"{load}×: ");
        return new()
        {
            Number = 9,
            Title = string.Create(CultureInfo.InvariantCulture, $"Critical/Normal/Low {(mix is null ? "20/50/30" : "8/50/42")} at {load}×"),
            Kinds = _priorities,
            Phases = [new(20, 0.7) { Mix = mix }, new(30, load) { Mix = mix }, new(1, load) { Mix = mix }],
            Figures =
            [
                Figure.Least(prefix + "critical served", 0.999, static (run, _) => Measure.Served(run, 1, 0, 1)) with { Strict = true },
                Figure.Most(prefix + "critical p99 ÷ unqueued", 1.15, static (run, _) => Measure.Ratio(Measure.P99(run, 1), Measure.UnqueuedP99(run, 1, 0))),
                Figure.Least(prefix + "goodput", 0.96, static (run, _) => Measure.Goodput(run, 1)),
            ],
        };
    }
}
