using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation.Scoring;

/// <summary>A cell of the scoreboard.</summary>
/// <param name="Scenario">Its number.</param>
/// <param name="Title">The scenario's words.</param>
/// <param name="Plant">On which plant, or on which of them.</param>
/// <param name="Law">The column.</param>
/// <param name="Figure">The row.</param>
/// <param name="Mean">Over the seeds, at the worst of initial limit and κ (on other plants: over those).</param>
/// <param name="Worst">The worst seed of all (on other plants: the worst of those).</param>
/// <param name="At">Where the mean was worst.</param>
/// <param name="Met">Whether mean and worst reach what is asked; null: nothing is asked.</param>
internal sealed record Row(
    int Scenario, string Title, string Plant, LawUnderTest Law, Figure Figure, double Mean, double Worst, string At, bool? Met)
{
    public double? Threshold { get; init; } = Figure.Threshold;

    /// <summary>Asked of the worst seed (on other plants: of the worst of those).</summary>
    public double? ThresholdOfWorst { get; init; } = Figure.Threshold;
}

/// <summary>Sums results up. Pure arithmetic, in an order that does not depend on who finished first.</summary>
internal static class Scoreboard
{
    /// <summary>Where the oracle itself cannot reach a threshold, this near to it will do.</summary>
    private const double NearTheOracle = 0.03;

    private const double MeanOfOracle = 0.92;
    private const double WorstPlantOfOracle = 0.85;

    /// <summary>The rows of the thresholds: the worst over plants and initial limits.</summary>
    public static IReadOnlyList<Row> Sum(IReadOnlyList<Result> results, IReadOnlyList<PlantSpec> plants)
    {
        string name = plants.Count == 1 ? plants[0].Name : "default";
        return [.. results
            .Where(r => plants.Contains(r.Plant))
            .GroupBy(r => (r.Scenario, r.Law))
            .SelectMany(g => g.Key.Scenario.Figures.Select((figure, i) => SumOne(g.Key.Scenario, g.Key.Law, figure, i, g, results, name)))];
    }

    /// <summary>Every configuration on its own.</summary>
    public static IReadOnlyList<Row> Detail(IReadOnlyList<Result> results) =>
    [
        .. results
            .GroupBy(r => (r.Scenario, r.Law, r.Plant, r.Initial))
            .SelectMany(g => g.Key.Scenario.Figures.Select((figure, i) =>
                SumOne(g.Key.Scenario, g.Key.Law, figure, i, g, results, g.Key.Plant.Name))),
    ];

    /// <summary>Law against oracle on each plant of a group, and over all.</summary>
    public static IReadOnlyList<Row> Compare(IReadOnlyList<Result> results, PlantGroup plants)
    {
        List<Row> rows = [];
        foreach (var cell in results.Where(r => plants.Plants.Contains(r.Plant)).GroupBy(r => (r.Scenario, r.Law)))
        {
            (Scenario scenario, LawUnderTest law) = cell.Key;
            for (int i = 0; i < scenario.Figures.Count; i++)
            {
                if (scenario.Figures[i].Merit is not { } merit)
                {
                    continue;
                }

                int index = i;
                Figure figure = new(scenario.Figures[i].Name + (scenario.Figures[i].AtLeast ? "" : ": served"), scenario.Figures[i].Value);
                List<(string Plant, double Ratio)> ratios = [];
                foreach (PlantSpec plant in plants.Plants)
                {
                    Result[] mine = [.. cell.Where(r => r.Plant == plant)];
                    if (mine.Length == 0)
                    {
                        continue;
                    }

                    Dictionary<int, double> oracle = results
                        .Where(r => r.Law.Oracle && r.Scenario == scenario && r.Plant == plant)
                        .ToDictionary(r => r.Seed, r => merit(r.Values[index]));
                    double ratio = mine.Average(r => merit(r.Values[index])) / oracle.Values.Average();
                    double worst = mine.Min(r => merit(r.Values[index]) / oracle[r.Seed]);
                    ratios.Add((plant.Name, ratio));
                    rows.Add(new Row(scenario.Number, scenario.Title, plant.Name, law, figure, ratio, worst, "", ratio >= WorstPlantOfOracle)
                    {
                        Threshold = WorstPlantOfOracle,
                        ThresholdOfWorst = WorstPlantOfOracle,
                    });
                }

                (string at, double least) = ratios.MinBy(r => r.Ratio);
                double mean = ratios.Average(r => r.Ratio);
                rows.Add(new Row(
                    scenario.Number, scenario.Title, plants.Name, law, figure, mean, least, at, mean >= MeanOfOracle && least >= WorstPlantOfOracle)
                {
                    Threshold = MeanOfOracle,
                    ThresholdOfWorst = WorstPlantOfOracle,
                });
            }
        }

        return rows;
    }

    /// <summary>Of which group a row tells, if of one.</summary>
    public static PlantGroup? GroupOf(Row row) => PlantList.Groups.FirstOrDefault(g => g.Name == row.Plant);

    /// <summary>In words.</summary>
    public static string PlantsOf(Row row) => GroupOf(row)?.Words ?? row.Plant;

    private static Row SumOne(
        Scenario scenario, LawUnderTest law, Figure figure, int index, IEnumerable<Result> results, IReadOnlyList<Result> all, string plant)
    {
        double? mean = null;
        double? worst = null;
        string at = "";
        bool met = true;
        foreach (var configuration in results.GroupBy(r => (r.Plant, r.Initial)))
        {
            (double thisMean, double thisWorst) = MeanAndWorst(configuration);
            if (mean is null || figure.Worse(mean.Value, thisMean) != mean)
            {
                mean = thisMean;
                at = law.HasInitial ? $"{configuration.Key.Plant.Name} from {configuration.Key.Initial}" : configuration.Key.Plant.Name;
            }

            worst = worst is null ? thisWorst : figure.Worse(worst.Value, thisWorst);
            if (figure.Threshold is { } threshold)
            {
                (double oracleMean, double oracleWorst) = MeanAndWorst(
                    all.Where(r => r.Law.Oracle && r.Scenario == scenario && r.Plant == configuration.Key.Plant));
                met &= figure.Holds(thisMean, Asked(figure, threshold, oracleMean))
                    && figure.Holds(thisWorst, Asked(figure, threshold, oracleWorst));
            }
        }

        return new Row(scenario.Number, scenario.Title, plant, law, figure, mean!.Value, worst!.Value, at, figure.Threshold is null ? null : met);

        (double Mean, double Worst) MeanAndWorst(IEnumerable<Result> some)
        {
            double[] values = [.. some.Select(r => r.Values[index])];
            return (values.Average(), values.Aggregate(figure.Worse));
        }
    }

    private static double Asked(Figure figure, double threshold, double oracle) =>
        figure.Strict || figure.Holds(oracle, threshold) ? threshold
            : figure.AtLeast ? oracle * (1 - NearTheOracle)
            : oracle * (1 + NearTheOracle);
}
