namespace Backpressure.Simulation.Scenarios;

/// <summary>All scenarios, in the order of their numbers.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        LoadScenarios.Step,
        LoadScenarios.Long,
        LoadScenarios.Ramp,
        LoadScenarios.Drop,
        LoadScenarios.Halves,
        LatencyScenarios.MixShift,
        LatencyScenarios.TwoRoutes,
        LatencyScenarios.SlowDown,
        LoadScenarios.Lull,
        LoadScenarios.ColdStart,
        .. FairnessScenarios.Priorities,
        FairnessScenarios.Tenants,
        ClientScenarios.Retries,
        ClientScenarios.WithHandler,
        ClientScenarios.RetryAfter,
        ClientScenarios.RetryAfterWithHandler,
        .. UnitScenarios.All,
        .. HoldScenarios.All,
    ];

    /// <summary>Those that are tried on other plants.</summary>
    public static IReadOnlyList<int> OnOtherPlants { get; } = [1, 4, 7, 8];

    internal static double Itself(double share) => share;

    internal static double Served(double refused) => 1 - refused;
}
