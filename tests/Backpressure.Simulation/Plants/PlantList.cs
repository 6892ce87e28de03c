namespace Backpressure.Simulation.Plants;

/// <summary>The plants that are tried.</summary>
internal static class PlantList
{
    /// <summary>Those that the thresholds are for.</summary>
    public static IReadOnlyList<PlantSpec> Default { get; } = [new() { Name = "κ=0" }, new() { Name = "κ=0.3", Contention = 0.3 }];

    /// <summary>Each differs from the default with contention in one thing. They were in view when the parameters of <c>Adaptive</c> were chosen.</summary>
    public static PlantGroup Others { get; } = new("others", "other plants",
    [
        With("C=4") with { Servers = 4 },
        With("C=8") with { Servers = 8 },
        With("C=64") with { Servers = 64 },
        With("C=256") with { Servers = 256 },
        With("W=5ms") with { MeanService = 0.005 },
        With("W=400ms") with { MeanService = 0.4 },
        With("σ=0.3") with { Sigma = 0.3 },
        With("σ=1") with { Sigma = 1 },
        With("exponential") with { Shape = ServiceShape.Exponential },
        With("bimodal") with { Shape = ServiceShape.Bimodal },
        With("κ=0.6") with { Contention = 0.6 },
        With("drift") with { Course = CapacityCourse.Drift },
        With("stops") with { Course = CapacityCourse.Stops },
        With("bursts") with { Bursts = true },
    ]);

    /// <summary>Between those, beside them, and two at a time: nothing may ever be chosen on these, so that there is something to report on.</summary>
    public static PlantGroup Fresh { get; } = new("fresh", "fresh plants",
    [
        With("C=6") with { Servers = 6 },
        With("C=12") with { Servers = 12 },
        With("C=40") with { Servers = 40 },
        With("C=128") with { Servers = 128 },
        With("W=15ms") with { MeanService = 0.015 },
        With("W=150ms") with { MeanService = 0.15 },
        With("σ=0.75") with { Sigma = 0.75 },
        With("κ=0.45") with { Contention = 0.45 },
        With("κ=0.1") with { Contention = 0.1 },
        With("C=10, exponential") with { Servers = 10, Shape = ServiceShape.Exponential },
        With("C=40, drift") with { Servers = 40, Course = CapacityCourse.Drift },
        With("σ=0.8, bursts") with { Sigma = 0.8, Bursts = true },
    ]);

    /// <summary>All of whose plants a law is compared with the oracle.</summary>
    public static IReadOnlyList<PlantGroup> Groups { get; } = [Others, Fresh];

    private static PlantSpec With(string name) => new() { Name = name, Contention = 0.3 };
}
