using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Running;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests.Running;

public class RunTests
{
    private static readonly LawUnderTest _adaptive = LawUnderTest.Columns.Single(l => l.Name == "Adaptive");

    [Fact]
    public void Of_TheOracleInOverload_DoesWhatThePlantCanAndNoMore()
    {
        RunRecord run = Of(LoadScenarios.Step, LawUnderTest.TheOracle);

        Assert.InRange(Measure.Goodput(run, 1), 0.98, 1.01);
        Assert.All(run.InFlight, inFlight => Assert.InRange(inFlight, 0, 20));
        Assert.True(Measure.RefusedShare(run, 1) is > 0.47 and < 0.53);
    }

    [Fact]
    public void Of_TheOracleBelowCapacity_RefusesNobody()
    {
        RunRecord run = Of(LoadScenarios.Step, LawUnderTest.TheOracle);

        Assert.Equal(0, Measure.RefusedShare(run, 0));
        Assert.Equal(1, Measure.Goodput(run, 0), 0.03);
    }

    [Fact]
    public void Of_ALimitFarTooHigh_CollapsesWithContention()
    {
        RunRecord run = Of(LoadScenarios.Step, LawUnderTest.BadOnes.Single(l => l.Name == "always at maximum"), contention: 0.3);

        Assert.InRange(Measure.Goodput(run, 1), 0, 0.2);
    }

    [Fact]
    public void Of_OnesThatLinger_KeepTheirUnitsAndNoServer()
    {
        RunRecord run = Of(HoldScenarios.All[0], LawUnderTest.TheOracle);
        (int from, int to) = run.Timeline.BinsOf(1);

        // Twenty at once keep the servers busy; the others are read by slow clients, who have had the beginning of their answer.
        Assert.Equal(30, run.InFlight[from..to].Average(), 1.0);
        Assert.InRange(Measure.Goodput(run, 1), 0.95, 1.01);
        Assert.InRange(Measure.P99(run, 1, kind: 1), 0.05, 2);
    }

    [Fact]
    public void Of_OnesThatRunLong_HaveMorePatience()
    {
        RunRecord run = Of(HoldScenarios.All[2], LawUnderTest.TheOracle);
        Tally reports = run.TallyOf(1, 1);

        Assert.InRange(reports.InTime, 24, 96);
        Assert.Equal(0, reports.Late);
        Assert.InRange(reports.Latencies.Quantile(0.5), 10, 40);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public void Of_AnyScenario_LosesTrackOfNobody(int number)
    {
        foreach (Scenario scenario in Catalogue.All.Where(s => s.Number == number))
        {
            RunRecord run = Of(scenario, _adaptive, contention: 0.3);
            int offered = 0;
            int ended = 0;
            for (int phase = 0; phase < scenario.Phases.Count; phase++)
            {
                for (int kind = 0; kind < scenario.Kinds.Count; kind++)
                {
                    Tally tally = run.TallyOf(phase, kind);
                    offered += tally.Offered;
                    ended += tally.InTime + tally.Late + tally.Refused;
                }
            }

            // Those that run, wait or pause at the end have not ended.
            Assert.Equal(run.Trace.All.Length, offered);
            Assert.InRange(offered - ended, 0, 600);
        }
    }

    [Fact]
    public void Of_TheSame_IsTheSame()
    {
        RunRecord one = Of(LoadScenarios.Drop, _adaptive, contention: 0.3);
        RunRecord two = Of(LoadScenarios.Drop, _adaptive, contention: 0.3);

        Assert.Equal(one.Limit, two.Limit);
        Assert.Equal(one.InFlight, two.InFlight);
        Assert.Equal(one.InTime, two.InTime);
        Assert.Equal(one.Events, two.Events);
    }

    [Fact]
    public void Of_AnOutage_IsSurvivedByClientsWhoTryAgain_AndTheirHandlerHoldsThemBack()
    {
        RunRecord without = Of(ClientScenarios.Retries, LawUnderTest.TheOracle);
        RunRecord with = Of(ClientScenarios.WithHandler, LawUnderTest.TheOracle);

        Assert.InRange(Measure.Amplification(without, 1, 1), 2.5, 4);

        // Below one: while nothing is served, its throttle and holds keep some from being sent at all.
        Assert.InRange(Measure.Amplification(with, 1, 2), 0.5, 1.15);
        Assert.InRange(Measure.Goodput(without, 3), 0.95, 1.05);
        Assert.InRange(Measure.Goodput(with, 3), 0.95, 1.05);
        Assert.True(without.InTime.AsSpan(301, 18).ToArray().Sum() == 0, "Nothing is served while nothing runs.");
    }

    [Fact]
    public void Of_ClientsWhoObeyRetryAfter_BringsThemBackAndServesThem()
    {
        RunRecord run = Of(ClientScenarios.RetryAfter, LawUnderTest.TheOracle);

        Assert.InRange(run.Returns.Sum(), 4000, 12_000);
        Assert.Equal(0, run.Returns.AsSpan(0, 100).ToArray().Sum());
        Assert.True(Measure.Served(run, 1, 0, 1) > 0.99);
    }

    private static RunRecord Of(Scenario scenario, LawUnderTest law, double contention = 0)
    {
        Timeline timeline = new(scenario, PlantList.Default.Single(p => p.Contention == contention));
        return Run.Of(timeline, Trace.Draw(timeline, 1), law, 20);
    }
}
