using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;
using Xunit;

namespace Backpressure.Simulation.Tests.Arrivals;

public class TraceTests
{
    [Fact]
    public void Draw_OfAStep_OffersTheLoadThatEachPhaseSays()
    {
        Timeline timeline = new(LoadScenarios.Step, PlantList.Default[0]);
        Incoming[] all = Trace.Draw(timeline, 1).All;

        Assert.Equal(0.7, LoadBetween(all, timeline, 0, 20), 0.03);
        Assert.Equal(2, LoadBetween(all, timeline, 20, 80), 0.05);
        Assert.Equal(0.7, LoadBetween(all, timeline, 80, 100), 0.03);
        Assert.True(all.Zip(all.Skip(1)).All(pair => pair.First.At <= pair.Second.At));
    }

    [Fact]
    public void Draw_OfARamp_OffersMoreAndMore()
    {
        Timeline timeline = new(LoadScenarios.Ramp, PlantList.Default[0]);
        Incoming[] all = Trace.Draw(timeline, 1).All;

        // From 0 to 4 in 120 s.
        Assert.Equal(0.5, LoadBetween(all, timeline, 10, 20), 0.05);
        Assert.Equal(2, LoadBetween(all, timeline, 55, 65), 0.1);
        Assert.Equal(3.5, LoadBetween(all, timeline, 100, 110), 0.15);
    }

    [Fact]
    public void Draw_OfBursts_OffersTheSameOnAverage()
    {
        PlantSpec bursts = PlantList.Others.Plants.Single(p => p.Bursts);
        Timeline timeline = new(LoadScenarios.Step, bursts);

        double[] loads = [.. Enumerable.Range(1, 5).Select(seed => LoadBetween(Trace.Draw(timeline, seed).All, timeline, 20, 80))];

        Assert.Equal(2, loads.Average(), 0.15);
    }

    [Fact]
    public void Draw_OfPriorities_KeepsTheirShares()
    {
        Timeline timeline = new(FairnessScenarios.Priorities[0], PlantList.Default[0]);
        Incoming[] all = Trace.Draw(timeline, 2).All;

        double[] shares = [.. Enumerable.Range(0, 3).Select(kind => all.Count(i => i.Kind == kind) / (double)all.Length)];

        Assert.Equal(0.2, shares[0], 0.02);
        Assert.Equal(0.5, shares[1], 0.02);
        Assert.Equal(0.3, shares[2], 0.02);
    }

    [Fact]
    public void Draw_WithTheSameSeed_IsTheSame_AndWithAnotherItIsNot()
    {
        Timeline timeline = new(LoadScenarios.ColdStart, PlantList.Default[0]);

        Assert.Equal(Trace.Draw(timeline, 4).All, Trace.Draw(timeline, 4).All);
        Assert.NotEqual(Trace.Draw(timeline, 4).All, Trace.Draw(timeline, 5).All);
    }

    private static double LoadBetween(Incoming[] all, Timeline timeline, double from, double to) =>
        all.Count(i => i.At >= from && i.At < to) / (to - from) / timeline.RateAt(0, 1);
}
