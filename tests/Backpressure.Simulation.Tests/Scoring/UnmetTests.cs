using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests.Scoring;

public class UnmetTests
{
    private static readonly LawUnderTest _trial = LawUnderTest.Trials[0];
    private static readonly Scenario _scenario = LatencyScenarios.TwoRoutes;
    private static readonly Figure _goodput = _scenario.Figures[0];
    private static readonly Figure _p99 = _scenario.Figures[1];

    [Fact]
    public void Of_Rows_TakesWhatTheBestLawMisses_AndOfAGroupOfPlantsTheirSumOnly()
    {
        Row missed = Row(LawUnderTest.Best, _p99, 1.5, met: false);
        Row elsewhere = Row(LawUnderTest.Best, _p99, 0.8, met: false) with { Plant = PlantList.Others.Name, Threshold = 0.92 };
        Row onePlant = elsewhere with { Plant = "C=4", Threshold = 0.85 };

        Assert.Equal(
            [missed, elsewhere],
            Unmet.Of([missed, Row(LawUnderTest.Best, _goodput, 0.95, met: true), elsewhere, onePlant, Row(_trial, _p99, 9, met: false)]));
    }

    [Fact]
    public void TrialsFor_AnUnmetRow_AreThoseOfItsScenarioOnItsPlants_WithTheGivenLaws()
    {
        Plan plan = Plan.Of(Options.Parse(["--scenario", "4,6,8"], []));
        Row missed = Row(LawUnderTest.Best, _p99, 1.5, met: false);
        Row elsewhere = missed with { Scenario = 8, Title = LoadScenarios.ColdStart.Title, Plant = PlantList.Others.Name };

        IReadOnlyList<Trial> trials = Unmet.TrialsFor([missed, elsewhere], plan, LawUnderTest.Trials);

        Assert.All(trials, t => Assert.Same(LawUnderTest.Trials, t.Laws));
        Assert.Equal(plan.Plants, trials.Where(t => t.Scenario == _scenario).Select(t => t.Plant).Distinct());
        Assert.Equal(PlantList.Others.Plants, trials.Where(t => t.Scenario == LoadScenarios.ColdStart).Select(t => t.Plant).Distinct());
        Assert.Equal([_scenario, LoadScenarios.ColdStart], trials.Select(t => t.Scenario).Distinct());
        Assert.Empty(Unmet.TrialsFor([], plan, LawUnderTest.Trials));
    }

    [Fact]
    public void WhoMeets_ALawThatPaysForItElsewhere_SaysWithWhat()
    {
        Row missed = Row(LawUnderTest.Best, _p99, 1.5, met: false);
        Row[] rows =
        [
            missed,
            Row(LawUnderTest.TheOracle, _p99, 1, met: true),
            Row(_trial, _p99, 1.1, met: true),
            Row(_trial, _goodput, 0.5, met: false),
            Row(LawUnderTest.Trials[1], _p99, 2, met: false),
        ];

        string line = Assert.Single(Unmet.WhoMeets([missed], rows));

        Assert.StartsWith($"{_trial.Name} meets 6 ", line, StringComparison.Ordinal);
        Assert.EndsWith("misses goodput 0.500 (0.500) ✗, asked ≥ 0.92", line, StringComparison.Ordinal);
        Assert.Empty(Unmet.WhoMeets([missed], [.. rows.Where(r => r.Law != _trial)]));
    }

    [Fact]
    public void FindWorse_OfLawsOnTrial_AsksNothing()
    {
        string file = Path.GetTempFileName();
        try
        {
            Row better = Row(_trial, _p99, 1.1, met: true);
            JsonReport.Write(file, [better]);

            Assert.Empty(Guard.FindWorse(File.ReadAllText(file), [better with { Mean = 9, Worst = 9 }], whole: true));
            Assert.Empty(Guard.FindWorse(File.ReadAllText(file), [], whole: true));
            Assert.Empty(Guard.FindWorse("""{ "rows": [] }""", [better], whole: true));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Row Row(LawUnderTest law, Figure figure, double value, bool met) =>
        new(_scenario.Number, _scenario.Title, "default", law, figure, value, value, "", met);
}
