using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Plants;
using Xunit;

namespace Backpressure.Simulation.Tests.Plants;

public class PlantSpecTests
{
    [Fact]
    public void DrawService_OnEveryPlant_HasAMeanOfOne()
    {
        foreach (PlantSpec plant in PlantList.Default.Concat(PlantList.Groups.SelectMany(g => g.Plants)))
        {
            double sum = 0;
            const int draws = 200_000;
            for (int i = 0; i < draws; i++)
            {
                Draws some = new(3, i);
                sum += plant.DrawService(ref some);
            }

            Assert.True(Math.Abs((sum / draws) - 1) < 0.03, $"{plant.Name}: {sum / draws}");
        }
    }

    [Theory]
    [InlineData(20, 0.3, 20)]
    [InlineData(20, 0, 20)]
    [InlineData(0.4, 0.3, 1)]
    public void BestLimit_OnSoManyServers_DoesTheMostWork(double servers, double contention, int best)
    {
        Assert.Equal(best, PlantSpec.BestLimit(servers, contention));
        for (int limit = 1; limit < 200; limit++)
        {
            Assert.True(PlantSpec.WorkRate(limit, servers, contention) <= PlantSpec.WorkRate(best, servers, contention) + 1e-9);
        }
    }
}
