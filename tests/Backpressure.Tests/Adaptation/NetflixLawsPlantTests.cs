using Backpressure.Adaptation;
using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>
/// Vegas and Gradient2 against a downstream in virtual time: what they find, and the faults that their headers name.
/// Bounds are outside the extremes of 20 seeds.
/// </summary>
public sealed class NetflixLawsPlantTests
{
    private const int Seeds = 3;
    private static readonly LimitSettings _vegas = new() { Algorithm = LimitAlgorithm.Vegas, Initial = 20, Min = 1, Max = 1000 };
    private static readonly LimitSettings _gradient2 = _vegas with { Algorithm = LimitAlgorithm.Gradient2 };

    [Theory]
    [InlineData(0, 4)]
    [InlineData(0, 20)]
    [InlineData(0.3, 4)]
    [InlineData(0.3, 20)]
    public void Vegas_TwiceTheCapacityOffered_KeepsAShortQueue(double contention, int initial)
    {
        foreach (PlantResult result in Runs(Step(_vegas with { Initial = initial }, contention)))
        {
            Assert.InRange(result.MeanLimit(40, 90), 21, 28);
            Assert.InRange(result.Goodput(30, 90), 0.86, 1.02);
        }
    }

    [Fact]
    public void Vegas_CapacityFalls_FollowsByOneASecond()
    {
        foreach (PlantResult result in Runs(Drop(_vegas)))
        {
            Assert.InRange(result.MeanLimit(30, 31), 18, 26);
            Assert.InRange(result.MeanLimit(35, 36), 16, 22);
            Assert.InRange(result.MeanLimit(55, 60), 8, 12);
            Assert.InRange(result.Goodput(30, 60, servers: 6), 0.6, 0.76);
        }
    }

    [Fact]
    public void Vegas_StartedFarAboveWhatItCanDo_TakesTheQueueForTheEmptyDownstream()
    {
        Plant plant = Step(_vegas with { Initial = 100 }, 0.3) with { Load = _ => 2 };
        Assert.All(Runs(plant), result => Assert.InRange(result.MeanLimit(40, 90), 80, 120));
    }

    [Theory]
    [InlineData(0, 4, 0.95)]
    [InlineData(0, 20, 0.95)]
    [InlineData(0.3, 4, 0.82)]
    [InlineData(0.3, 20, 0.8)]
    public void Gradient2_TwiceTheCapacityOffered_SettlesUpToTwiceAsHigh(double contention, int initial, double goodput)
    {
        foreach (PlantResult result in Runs(Step(_gradient2 with { Initial = initial }, contention)))
        {
            Assert.InRange(result.MeanLimit(40, 90), 29, 40);
            Assert.InRange(result.Goodput(30, 90), goodput, 1.02);
        }
    }

    [Fact]
    public void Gradient2_CapacityFalls_FollowsToTwiceWhatIsLeft()
    {
        foreach (PlantResult result in Runs(Drop(_gradient2)))
        {
            Assert.InRange(result.MeanLimit(55, 60), 12, 17);
            Assert.InRange(result.Goodput(30, 60, servers: 6), 0.38, 0.54);
        }
    }

    [Theory]
    [InlineData(0, 1.4, 1.6)]
    [InlineData(0.3, 1.25, 1.5)]
    public void Gradient2_LongOverload_DriftsUpwards(double contention, double least, double most)
    {
        Plant plant = new() { Load = _ => 1.2, Contention = contention, Limit = _gradient2, Seconds = 300 };
        Assert.All(Runs(plant), result => Assert.InRange(result.MeanLimit(290, 300) / result.MeanLimit(50, 60), least, most));
    }

    [Theory]
    [InlineData(LimitAlgorithm.Vegas, 0.1)]
    [InlineData(LimitAlgorithm.Gradient2, 0.08)]
    public void Both_MixOfRoutesShifts_TakeItForCongestion(LimitAlgorithm algorithm, double least)
    {
        Plant plant = new()
        {
            Load = _ => 0.7,
            Routes = [new(0.02, 0.95), new(0.4, 0.05)],
            SecondRouteShareAt = t => t < 30 ? 0.05 : 0.4,
            Limit = _vegas with { Algorithm = algorithm },
            Seconds = 90,
        };
        Assert.All(Runs(plant), result => Assert.InRange(result.Rejected(30, 90), least, 0.7));
    }

    [Theory]
    [InlineData(LimitAlgorithm.Vegas)]
    [InlineData(LimitAlgorithm.Gradient2)]
    public void Both_SameSeed_DecideTheSame(LimitAlgorithm algorithm)
    {
        Plant plant = Step(_vegas with { Algorithm = algorithm }, 0.3);
        Assert.Equal(plant.Run(3).Decisions, plant.Run(3).Decisions);
        Assert.NotEqual(plant.Run(3).Decisions, plant.Run(4).Decisions);
    }

    private static Plant Step(LimitSettings limit, double contention)
        => new() { Load = t => t < 20 ? 0.7 : 2, Contention = contention, Limit = limit, Seconds = 90 };

    private static Plant Drop(LimitSettings limit)
        => new() { Load = _ => 1.2, Contention = 0.3, ServersAt = t => t is >= 30 and < 60 ? 6 : 20, Limit = limit, Seconds = 60 };

    private static IEnumerable<PlantResult> Runs(Plant plant) => Enumerable.Range(1, Seeds).Select(plant.Run);
}
