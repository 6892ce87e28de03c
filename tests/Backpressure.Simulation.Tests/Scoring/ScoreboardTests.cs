using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests.Scoring;

public class ScoreboardTests
{
    private static readonly LawUnderTest _law = LawUnderTest.Columns.Single(l => l.Name == "Adaptive");

    [Fact]
    public void Sum_OverConfigurations_TakesTheMeanAtTheWorst_AndTheWorstSeedOfAll()
    {
        Row row = Sum(Asking(0.9), oracle: 1, (1, 0.99), (1, 0.97), (20, 0.96), (20, 0.98), (1000, 0.95), (1000, 1.0));

        Assert.Equal(0.97, row.Mean, 9);
        Assert.Equal(0.95, row.Worst, 9);
        Assert.True(row.Met);
    }

    [Fact]
    public void Sum_WhenOneSeedMisses_IsNotMet()
    {
        Assert.False(Sum(Asking(0.9), oracle: 1, (20, 0.99), (20, 0.89)).Met);
    }

    [Fact]
    public void Sum_WhenTheOracleMissesToo_AsksForThreePercentOfItsFigure()
    {
        Assert.True(Sum(Asking(0.9), oracle: 0.8, (20, 0.78)).Met);
        Assert.False(Sum(Asking(0.9), oracle: 0.8, (20, 0.77)).Met);
        Assert.False(Sum(Asking(0.9) with { Strict = true }, oracle: 0.8, (20, 0.89)).Met);
    }

    [Fact]
    public void Sum_WhenLessIsBetter_TakesTheHighest()
    {
        Row row = Sum(Asking(0.1) with { AtLeast = false }, oracle: 0, (1, 0.05), (1, 0.07), (20, 0.01));

        Assert.Equal(0.06, row.Mean, 9);
        Assert.Equal(0.07, row.Worst, 9);
        Assert.True(row.Met);
    }

    [Fact]
    public void Compare_OverPlants_IsTheMeanAndTheWorstPlantOverTheOracles()
    {
        Figure figure = Asking(0.9) with { Merit = static share => share };
        Scenario scenario = Of(figure);
        PlantSpec[] plants = [.. PlantList.Fresh.Plants.Take(2)];
        Result[] results =
        [
            Result(scenario, plants[0], LawUnderTest.TheOracle, 0, 1, 0.8),
            Result(scenario, plants[1], LawUnderTest.TheOracle, 0, 1, 1),
            Result(scenario, plants[0], _law, 20, 1, 0.72),
            Result(scenario, plants[1], _law, 20, 1, 0.96),
        ];

        Row row = Scoreboard.Compare(results, PlantList.Fresh with { Plants = plants }).Single(r => r.Plant == "fresh" && r.Law == _law);

        Assert.Equal(0.93, row.Mean, 9);
        Assert.Equal(0.9, row.Worst, 9);
        Assert.Equal(plants[0].Name, row.At);
        Assert.True(row.Met);
        Assert.Equal((0.92, 0.85), (row.Threshold, row.ThresholdOfWorst));
    }

    [Fact]
    public void FindWorse_WhenNothingChanged_IsEmpty_AndNamesWhatDid()
    {
        Row good = Sum(Asking(0.9), oracle: 1, (20, 0.95));
        Row worse = Sum(Asking(0.9), oracle: 1, (20, 0.92));
        Row better = Sum(Asking(0.9), oracle: 1, (20, 0.99));
        string json = Write(good);

        Assert.Empty(Guard.FindWorse(json, [good], whole: true));
        Assert.Empty(Guard.FindWorse(json, [better], whole: true));
        Assert.Contains("mean 0.920, was 0.950", Assert.Single(Guard.FindWorse(json, [worse], whole: true)), StringComparison.Ordinal);
        Assert.Contains("is gone", Assert.Single(Guard.FindWorse(json, [], whole: true)), StringComparison.Ordinal);
        Assert.Empty(Guard.FindWorse(json, [], whole: false));
        Assert.Contains("not in the earlier one", Assert.Single(Guard.FindWorse("""{ "rows": [] }""", [good], whole: true)), StringComparison.Ordinal);
    }

    private static string Write(Row row)
    {
        string file = Path.GetTempFileName();
        try
        {
            JsonReport.Write(file, [row]);
            return File.ReadAllText(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Figure Asking(double threshold) => Figure.Least("figure", threshold, static (_, _) => 0);

    private static Scenario Of(Figure figure) =>
        new() { Number = 1, Title = "made up", Phases = [new(1, 1)], Figures = [figure] };

    private static Row Sum(Figure figure, double oracle, params (int Initial, double Value)[] values)
    {
        Scenario scenario = Of(figure);
        PlantSpec plant = PlantList.Default[0];
        Result[] results =
        [
            .. values.Select((v, i) => Result(scenario, plant, _law, v.Initial, i, v.Value)),
            Result(scenario, plant, LawUnderTest.TheOracle, 0, 1, oracle),
        ];
        return Scoreboard.Sum(results, [plant]).Single(r => r.Law == _law);
    }

    private static Result Result(Scenario scenario, PlantSpec plant, LawUnderTest law, int initial, int seed, double value) =>
        new(scenario, plant, law, initial, seed, [value], 0);
}
