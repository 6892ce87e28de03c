namespace Backpressure.Simulation.Plants;

/// <summary>The plants that are tried.</summary>
internal static class PlantList
{
    /// <summary>Those that the thresholds are for.</summary>
    public static IReadOnlyList<PlantSpec> Default { get; } = [new() { Name = "κ=0" }, new() { Name = "κ=0.3", Contention = 0.3 }];

    /// <summary>Each differs from the default with contention in one thing.</summary>
    public static IReadOnlyList<PlantSpec> Others { get; } =
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
    ];

    private static PlantSpec With(string name) => new() { Name = name, Contention = 0.3 };
}
