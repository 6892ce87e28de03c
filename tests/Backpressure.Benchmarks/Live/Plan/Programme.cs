namespace Backpressure.Benchmarks.Live;

/// <summary>All that is played, in order.</summary>
internal static class Programme
{
    /// <summary>Who goes through the scenarios: without anything, all of them end the same.</summary>
    private static readonly Contender[] Guarded = [.. Contender.All.Where(c => c.Guard != Guard.Nothing)];

    public static IReadOnlyList<Experiment> Full() =>
    [
        .. Overload.PlantChecks(quick: false),
        .. Overload.Loads.SelectMany(load => new[] { Overload.Fixed, Overload.Contention }.Select(plant => Overload.Step(load, plant, Lengths.Full, Contender.All))),
        Overload.Halved(Overload.Fixed, Lengths.Full, Contender.All),
        Overload.Halved(Overload.Contention, Lengths.Full, Contender.All),
        .. LiveScenarios.All(Lengths.Full, quick: false, Guarded),
        ComputeBound.At(5, Lengths.Full, [Contender.WithSignal, Contender.Backpressure, Contender.Nothing]),
        .. Pages.All(Lengths.Full, quick: false),
    ];

    /// <summary>The harder downstream, shorter; of the peers only what differs most.</summary>
    public static IReadOnlyList<Experiment> Quick() =>
    [
        .. Overload.PlantChecks(quick: true).Where(e => e.Plant == Overload.Contention),
        Overload.Step(2, Overload.Contention, Lengths.Quick, Contender.All),
        Overload.Step(5, Overload.Contention, Lengths.Quick, [Contender.Backpressure]),
        Overload.Step(10, Overload.Contention, Lengths.Quick, Contender.All),
        Overload.Halved(Overload.Contention, Lengths.Quick, [Contender.Backpressure, Contender.Tuned]),
        .. LiveScenarios.All(Lengths.Quick, quick: true, [Contender.Backpressure]),
        ComputeBound.At(5, Lengths.Quick, [Contender.WithSignal, Contender.Nothing]),
        .. Pages.All(Lengths.Quick, quick: true),
    ];
}
