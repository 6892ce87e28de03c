namespace Backpressure.Simulation.Plants;

/// <summary>Plants on which a law is compared with the oracle, and judged by all of them together.</summary>
/// <param name="Name">Stands in their rows where one plant's name would be.</param>
/// <param name="Words">The same for people.</param>
/// <param name="Plants">All of them, or those that were asked for.</param>
internal sealed record PlantGroup(string Name, string Words, IReadOnlyList<PlantSpec> Plants);
