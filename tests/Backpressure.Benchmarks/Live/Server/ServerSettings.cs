namespace Backpressure.Benchmarks.Live;

/// <summary>What the parent process tells a server process.</summary>
/// <param name="PhaseSeconds">How long each phase of the load takes.</param>
internal sealed record ServerSettings(
    Contender Contender, Plant Plant, IReadOnlyList<Route> Routes, IReadOnlyList<CapacityChange> Changes, int Seed, IReadOnlyList<double> PhaseSeconds);

/// <summary>What a server process says when it is asked to stop.</summary>
/// <param name="LateP99Ms">How late the downstream's answers were given, because the processor was busy.</param>
/// <param name="PeakInDownstream">The most requests that the downstream ever held.</param>
/// <param name="ProcessorShare">Of its core, from the start of the load.</param>
/// <param name="ProcessorByPhase">The same in each phase that came to its end.</param>
internal sealed record ServerReport(double LateP99Ms, int PeakInDownstream, double ProcessorShare, IReadOnlyList<double> ProcessorByPhase);
