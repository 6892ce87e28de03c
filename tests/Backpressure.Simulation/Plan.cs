using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation;

/// <summary>Which runs were asked for.</summary>
internal sealed record Plan(
    IReadOnlyList<Trial> Trials, IReadOnlyList<LawUnderTest> Laws, IReadOnlyList<PlantSpec> Plants, IReadOnlyList<PlantGroup> Groups)
{
    /// <summary>Those that must fail do so with any seed: more would only take time.</summary>
    private const int SeedsOfBadOnes = 2;

    private static readonly int[] _initials = [1, 4, 20, 100, 1000];
    private static readonly int[] _fewInitials = [1, 20, 1000];
    private static readonly int[] _believed = [20];
    private static readonly string[] _fewPlants = ["C=4", "C=64", "bimodal", "drift"];

    public static Plan Of(Options options)
    {
        Scenario[] scenarios = [.. Catalogue.All.Where(s => options.Scenarios?.Contains(s.Number) ?? true)];
        LawUnderTest[] laws = [.. (options.Laws ?? [.. LawUnderTest.Columns, .. LawUnderTest.BadOnes]).Prepend(LawUnderTest.TheOracle).Distinct()];

        // A plant of a group is compared with the oracle; all else is judged by the thresholds.
        PlantSpec[] plants = [.. (options.Plants ?? PlantList.Default).Except(PlantList.Groups.SelectMany(g => g.Plants))];
        Scenario[] elsewhere = [.. scenarios.Where(s => Catalogue.OnOtherPlants.Contains(s.Number))];
        PlantGroup[] groups =
        [
            .. PlantList.Groups
                .Select(g => g with { Plants = [.. g.Plants.Where(p => options.Plants?.Contains(p) ?? (!options.Quick || _fewPlants.Contains(p.Name)))] })
                .Where(g => g.Plants.Count > 0 && elsewhere.Length > 0),
        ];

        IReadOnlyList<int> initials = options.Initials ?? (options.Quick ? _fewInitials : _initials);
        (int reported, int lastReported) = Options.Reported;
        (int first, int last) = options.Seeds ?? (reported, options.Quick ? reported + 1 : lastReported);
        (int firstThere, int lastThere) = options.Seeds ?? (reported, options.Quick ? reported : lastReported);
        LawUnderTest[] lawsThere = [.. laws.Where(l => !l.MustFail)];
        Trial[] trials =
        [
            .. from scenario in scenarios
               from plant in plants
               from seed in Enumerable.Range(first, last - first + 1)
               select new Trial(scenario, plant, seed, seed < first + SeedsOfBadOnes ? laws : lawsThere, scenario.Initials ?? initials),
            .. from scenario in elsewhere
               from plant in groups.SelectMany(g => g.Plants)
               from seed in Enumerable.Range(firstThere, lastThere - firstThere + 1)
               select new Trial(scenario, plant, seed, lawsThere, options.Initials ?? _believed),
        ];
        return new Plan(trials, laws, plants, groups);
    }

    /// <summary>Those of some results that this plan would have given.</summary>
    public IReadOnlyList<Result> Select(IReadOnlyList<Result> results)
    {
        Dictionary<(Scenario, PlantSpec, int Seed), IReadOnlyList<int>> mine =
            Trials.ToDictionary(t => (t.Scenario, t.Plant, t.Seed), t => t.Initials);
        return
        [
            .. results.Where(r => mine.TryGetValue((r.Scenario, r.Plant, r.Seed), out IReadOnlyList<int>? initials)
                && (!r.Law.HasInitial || initials.Contains(r.Initial))),
        ];
    }

    /// <summary>The rows of laws that were tried afterwards, with the oracle's of before to compare with.</summary>
    public IReadOnlyList<Row> JudgeTried(IReadOnlyList<Result> results, IReadOnlyList<Result> tried)
    {
        (IReadOnlyList<Row> sums, IReadOnlyList<Row> compared) = Judge([.. results.Where(r => r.Law.Oracle), .. tried]);
        return [.. sums.Concat(compared).Where(r => !r.Law.Oracle)];
    }

    /// <summary>The scoreboard's rows.</summary>
    public (IReadOnlyList<Row> Sums, IReadOnlyList<Row> Compared) Judge(IReadOnlyList<Result> results) => (
        Plants.Count > 0 ? Scoreboard.Sum(results, Plants) : [],
        [.. Groups.SelectMany(g => Scoreboard.Compare(results, g))]);
}
