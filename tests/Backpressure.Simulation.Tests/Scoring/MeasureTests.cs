using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Running;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests.Scoring;

public class MeasureTests
{
    [Fact]
    public void Goodput_AboveCapacity_IsOfTheCapacity_AndBelowItOfTheOffered()
    {
        RunRecord run = Record(LoadScenarios.Step);
        double binWork = run.Timeline.Servers * run.Timeline.BinSeconds;
        Array.Fill(run.InTime, 0.6 * binWork);

        Assert.Equal(0.6, Measure.Goodput(run, 1), 6);

        double offered = run.Trace.Offered.Take(200).Sum() / (200 * binWork);
        Assert.Equal(0.6 / offered, Measure.Goodput(run, 0), 6);
    }

    [Fact]
    public void WorstGoodput_OfAPhase_IsItsWorstFiveSeconds()
    {
        RunRecord run = Record(LoadScenarios.Drop);
        double binWork = run.Timeline.Servers * run.Timeline.BinSeconds * 0.3;
        Array.Fill(run.InTime, binWork);
        run.InTime.AsSpan(400, 50).Fill(binWork / 2);

        Assert.Equal(0.5, Measure.WorstGoodput(run, 1), 6);
    }

    [Fact]
    public void JainIndex_WhenEachGetsItsFairPart_IsOne()
    {
        RunRecord run = Record(FairnessScenarios.Tenants);
        for (int kind = 0; kind < 10; kind++)
        {
            run.TallyOf(1, kind).Offered = kind == 0 ? 24_000 : 1200;
            run.TallyOf(1, kind).InTime = kind == 0 ? 24_000 - 10_800 : 1200;
        }

        Assert.Equal(1, Measure.JainIndex(run, 1), 6);
    }

    [Fact]
    public void JainIndex_WhenOneGetsAll_IsOneOverTheirNumber()
    {
        RunRecord run = Record(FairnessScenarios.Tenants);
        for (int kind = 0; kind < 10; kind++)
        {
            run.TallyOf(1, kind).Offered = 24_000;
        }

        run.TallyOf(1, 0).InTime = 24_000;

        Assert.Equal(0.1, Measure.JainIndex(run, 1), 6);
    }

    [Fact]
    public void Amplification_OfSomePhases_IsAttemptsOverClients()
    {
        RunRecord run = Record(ClientScenarios.Retries);
        (run.TallyOf(1, 0).Offered, run.TallyOf(1, 0).Attempts) = (100, 400);
        (run.TallyOf(2, 0).Offered, run.TallyOf(2, 0).Attempts) = (100, 100);

        Assert.Equal(2.5, Measure.Amplification(run, 1, 2));
    }

    [Fact]
    public void BusiestSecondOfReturns_IsTheFullestWholeSecond()
    {
        RunRecord run = Record(ClientScenarios.RetryAfter);
        run.Returns.AsSpan(200, 10).Fill(50);
        run.Returns.AsSpan(305, 10).Fill(60);

        Assert.Equal(500.0 / 400, Measure.BusiestSecondOfReturns(run), 6);
    }

    [Fact]
    public void SecondsUntilConverged_CountsFromTheLastTimeItWasFarOff()
    {
        RunRecord run = Record(LoadScenarios.Step);
        Array.Fill(run.Nominal, 22);
        run.Nominal[200 + 70] = 26;

        Assert.Equal(7.1, Measure.SecondsUntilConverged(run, 1), 6);
        Assert.Equal(0, Measure.SecondsUntilConverged(run, 0), 6);
    }

    private static RunRecord Record(Scenario scenario)
    {
        Timeline timeline = new(scenario, PlantList.Default[0]);
        return new RunRecord(timeline, Trace.Draw(timeline, 1));
    }
}
