using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Running;
using Xunit;

namespace Backpressure.Simulation.Tests.Plants;

public class SharedProcessorTests
{
    [Theory]
    [InlineData("Exponential", 4, 0.8)]
    [InlineData("Exponential", 20, 0.9)]
    [InlineData("LogNormal", 4, 0.8)]
    [InlineData("Bimodal", 4, 0.8)]
    public void Count_WhenArrivalsArePoisson_IsOnAverageWhatErlangCSays(string shape, int servers, double load)
    {
        // Processor sharing does not care for the distribution of service times, only for their mean (Kelly, 1979).
        var spec = new PlantSpec { Name = "theory", Servers = servers, Shape = Enum.Parse<ServiceShape>(shape) };
        const int arrivals = 400_000;
        var plant = new SharedProcessor(servers, contention: 0);
        double now = 0;
        double area = 0;
        double rate = load * servers;
        for (int i = 0; i < arrivals; i++)
        {
            Draws draws = new(17, i);
            double arrival = now + (draws.Exponential() / rate);
            while (plant.NextEnd <= arrival)
            {
                Advance(plant.NextEnd);
                plant.TakeEnded();
            }

            Advance(arrival);
            plant.Add(new Request(null!), spec.DrawService(ref draws));
        }

        double expected = (servers * load) + (ErlangC(servers, load) * load / (1 - load));
        Assert.InRange(area / now, 0.97 * expected, 1.03 * expected);

        void Advance(double to)
        {
            area += plant.Count * (to - now);
            now = to;
            plant.AdvanceTo(to);
        }
    }

    // Six at a time on 20 servers: three run at full speed, a fourth slows all of them down.
    [Theory]
    [InlineData(3, 1)]
    [InlineData(4, 24 / 20.0)]
    public void NextEnd_OfJobsOnManyServers_GoesByTheServersTheyKeepBusy(int jobs, double expected)
    {
        var plant = new SharedProcessor(20, contention: 0);
        for (int i = 0; i < jobs; i++)
        {
            plant.Add(new Request(null!) { Servers = 6 }, 1);
        }

        Assert.Equal(expected, plant.NextEnd, 9);
        plant.AdvanceTo(plant.NextEnd);
        plant.TakeEnded();
        Assert.Equal(expected, plant.NextEnd, 9);
    }

    [Theory]
    [InlineData(5, 0.3, 5)]
    [InlineData(20, 0.3, 20)]
    [InlineData(40, 0, 20)]
    [InlineData(40, 0.3, 20 / 1.3)]
    [InlineData(60, 0.6, 20 / 2.2)]
    public void TakeEnded_WhenSoManyRun_WorksAtTheRateOfTheFormula(int inFlight, double contention, double expectedRate)
    {
        var plant = new SharedProcessor(20, contention);
        for (int i = 0; i < inFlight; i++)
        {
            plant.Add(new Request(null!), 1);
        }

        double done = 0;
        double now = 0;
        for (int i = 0; i < 2000; i++)
        {
            now = plant.NextEnd;
            plant.AdvanceTo(now);
            plant.TakeEnded();
            done++;
            plant.Add(new Request(null!), 1);
        }

        Assert.Equal(expectedRate, done / now, expectedRate * 0.02);
    }

    [Fact]
    public void NextEnd_WhenAllServersStop_IsNeverUntilTheyComeBack()
    {
        var plant = new SharedProcessor(1, 0);
        plant.Add(new Request(null!), 2);
        plant.AdvanceTo(1);
        plant.SetServers(0);
        Assert.Equal(double.PositiveInfinity, plant.NextEnd);

        plant.AdvanceTo(10);
        plant.SetServers(1);

        Assert.Equal(11, plant.NextEnd, 9);
    }

    [Fact]
    public void TakeEnded_WhenWorkDiffers_EndsTheShortestFirst()
    {
        var plant = new SharedProcessor(1, 0);
        Request[] jobs = [.. new[] { 3.0, 1, 2 }.Select(work => new Request(null!) { Work = work })];
        Array.ForEach(jobs, job => plant.Add(job, job.Work));
        List<(double Work, double At)> ended = [];
        while (plant.Count > 0)
        {
            double at = plant.NextEnd;
            plant.AdvanceTo(at);
            ended.Add((plant.TakeEnded().Work, Math.Round(at, 9)));
        }

        // A third of the server each until 3, half each until 5, then alone.
        Assert.Equal([(1, 3), (2, 5), (3, 6)], ended);
    }

    private static double ErlangC(int servers, double load)
    {
        // By the recursion for Erlang's loss formula.
        double offered = servers * load;
        double blocked = 1;
        for (int n = 1; n <= servers; n++)
        {
            blocked = offered * blocked / (n + (offered * blocked));
        }

        return blocked / (1 - (load * (1 - blocked)));
    }
}
