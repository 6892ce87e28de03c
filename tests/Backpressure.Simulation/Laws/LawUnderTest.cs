using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Simulation.Laws.Trials;

namespace Backpressure.Simulation.Laws;

/// <summary>A column of the scoreboard.</summary>
internal sealed record LawUnderTest
{
    public required string Name { get; init; }

    public LimitAlgorithm Algorithm { get; init; }

    /// <summary>Builds a law of the laboratory's own; null: the engine's, by <see cref="Algorithm"/>.</summary>
    public Func<LimitSettings, ILimitLaw>? Create { get; init; }

    /// <summary>Whether it is told the true best limit whenever that changes.</summary>
    public bool Oracle { get; init; }

    /// <summary>A controller so bad that a suite which it passes proves nothing.</summary>
    public bool MustFail { get; init; }

    /// <summary>Whether it matters where it starts.</summary>
    public bool HasInitial { get; init; } = true;

    /// <summary>Whether what comes back after the client's deadline counts as <see cref="Outcome.Dropped"/>.</summary>
    public bool LateIsDropped { get; init; }

    public static LawUnderTest TheOracle { get; } = new()
    {
        Name = "oracle",
        Algorithm = LimitAlgorithm.Fixed,
        Oracle = true,
        HasInitial = false,
    };

    /// <summary>The engine's own, in the order of the table: whatever algorithm there is has its column.</summary>
    public static IReadOnlyList<LawUnderTest> Columns { get; } =
    [
        TheOracle,
        .. Enum.GetValues<LimitAlgorithm>()
            .Where(a => a != LimitAlgorithm.Fixed)
            .OrderBy(a => a == LimitAlgorithm.Adaptive)
            .ThenBy(a => (int)a)
            .Select(a => new LawUnderTest
            {
                Name = a.ToString(),
                Algorithm = a,

                // It sees nothing but what is dropped: without a time-out it would grow for ever.
                LateIsDropped = a == LimitAlgorithm.Aimd,
            }),
    ];

    /// <summary>The engine's best, which has to meet what is asked.</summary>
    public static LawUnderTest Best => Columns[^1];

    /// <summary>
    /// Laws of another kind than <c>Adaptive</c>, tried where it misses what is asked. They are the laboratory's own, and no
    /// strawmen: each was built and tuned to do better there.
    /// </summary>
    public static IReadOnlyList<LawUnderTest> Trials { get; } =
    [
        new() { Name = "Power", Create = PowerLaw.Create },
        new() { Name = "Marginal", Create = MarginalLaw.Create },
        new() { Name = "Bottleneck", Create = BottleneckLaw.Create },
    ];

    /// <summary>In the table of what the others reach.</summary>
    public static IReadOnlyList<LawUnderTest> BesideBest { get; } =
        [TheOracle, Best, .. Trials, .. Columns.Where(l => !l.Oracle && l != Best)];

    /// <summary>Those that must fail.</summary>
    public static IReadOnlyList<LawUnderTest> BadOnes { get; } =
    [
        new() { Name = "never moves", MustFail = true, Create = static s => new ConstantLaw(s.Initial) },
        new() { Name = "always at minimum", MustFail = true, HasInitial = false, Create = static s => new ConstantLaw(s.Min) },
        new() { Name = "always at maximum", MustFail = true, HasInitial = false, Create = static s => new ConstantLaw(s.Max) },
    ];
}
