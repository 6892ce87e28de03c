using Backpressure.Adaptation;
using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>The adaptive limit against a downstream in virtual time. Bounds are below the worst of many seeds.</summary>
public sealed class AdaptivePlantTests
{
    private const int Seeds = 3;
    private static readonly LimitSettings _adaptive = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 };

    [Theory]
    [InlineData(0, 4)]
    [InlineData(0, 20)]
    [InlineData(0, 100)]
    [InlineData(0.3, 4)]
    [InlineData(0.3, 20)]
    [InlineData(0.3, 100)]
    public void Adaptive_TwiceTheCapacityOffered_KeepsGoodput(double contention, int initial)
    {
        Plant plant = new() { Load = _ => 2, Contention = contention, Limit = _adaptive with { Initial = initial } };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.InRange(result.Goodput(20, 60), 0.9, 1.02);
            Assert.InRange(result.MeanLimit(20, 60), 18, 28);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void Adaptive_CapacityDropsToThirtyPercent_FollowsDownAndUp(double contention)
    {
        Plant plant = new()
        {
            Load = _ => 1.2,
            Contention = contention,
            ServersAt = t => t is >= 30 and < 60 ? 6 : 20,
            Seconds = 90,
        };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.InRange(result.Goodput(30, 60, servers: 6), 0.85, 1.1);
            Assert.InRange(result.MeanLimit(40, 60), 5, 9);
            Assert.InRange(result.Goodput(80, 90), 0.9, 1.05);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void Adaptive_CapacityHalvesAndReturns_IsFoundWithinASecondOrTwo(double contention)
    {
        Plant plant = new()
        {
            Load = _ => 0.9,
            Contention = contention,
            ServersAt = t => t is >= 20 and < 30 ? 10 : 20,
            Seconds = 40,
        };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.InRange(result.Rejected(32, 40), 0, 0.05);
            Assert.Contains(LimitReason.Look, result.Reasons.Keys);
        }
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(0, 20)]
    [InlineData(0.1, 20)]
    [InlineData(0.1, 100)]
    public void Adaptive_PoolOfEightAtFiveTimesItsCapacity_SettlesNearEight(double critical, int initial)
    {
        foreach (PlantResult result in Runs(PoolOfEight(critical) with { Limit = _adaptive with { Initial = initial } }))
        {
            Assert.InRange(result.Goodput(3, 18), 0.85, 1.02);
            Assert.InRange(result.Goodput(20, 60), 0.93, 1.02);
            Assert.InRange(result.MeanLimit(20, 60), 8, 14);
            Assert.Equal(0, result.Seconds.Skip(3).Sum(s => s.CriticalLate));
        }
    }

    [Fact]
    public void Adaptive_MixOfRoutesShifts_IsNotCongestion()
    {
        Plant plant = new()
        {
            Load = _ => 0.7,
            Routes = [new(0.02, 0.95), new(0.4, 0.05)],
            SecondRouteShareAt = t => t < 30 ? 0.05 : 0.4,
            Seconds = 60,
        };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.InRange(result.Rejected(10, 60), 0, 0.005);
            Assert.DoesNotContain(LimitReason.Shift, result.Reasons.Keys);
        }
    }

    [Fact]
    public void Adaptive_LatencyFourTimesLongerWithoutCongestion_IsFoundToBeAShift()
    {
        Plant plant = new() { Servers = 400, Load = _ => 0.05, LatencyFactorAt = t => t < 30 ? 1 : 4, Seconds = 80 };
        List<double> rejected = [];
        foreach (PlantResult result in Runs(plant))
        {
            rejected.Add(result.Rejected(30, 50));
            Assert.InRange(rejected[^1], 0, 0.6);
            Assert.InRange(result.Rejected(50, 80), 0, 0.05);
        }

        // About one run in forty takes its baselines from an unlucky window and needs the dips to mend them.
        Assert.InRange(rejected.Average(), 0, 0.2);
    }

    [Fact]
    public void Adaptive_LullThenLoad_HasNotForgottenItsLimit()
    {
        Plant plant = new() { Load = t => t is > 20 and < 50 ? 0.05 : 0.9, Seconds = 60 };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.True(result.Seconds[48].Limit >= result.Seconds[22].Limit);
            Assert.InRange(result.Rejected(50, 55), 0, 0.05);
        }
    }

    [Fact]
    public void Adaptive_InitialFarTooHighForASmallDownstream_IsFoundOut()
    {
        Plant plant = new()
        {
            Servers = 4,
            Contention = 0.3,
            Load = _ => 2,
            Limit = _adaptive with { Min = 1 },
        };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.InRange(result.Goodput(20, 60), 0.75, 1.05);
            Assert.InRange(result.MeanLimit(20, 60), 3, 8);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void Adaptive_GateThatOnlyRejects_KeepsGoodputWithoutDips(double contention)
    {
        Plant plant = new() { CanQueue = false, Contention = contention, Load = _ => 2 };
        foreach (PlantResult result in Runs(plant))
        {
            Assert.InRange(result.Goodput(20, 60), 0.85, 1.02);
            Assert.DoesNotContain(LimitReason.Dip, result.Reasons.Keys);
        }
    }

    [Fact]
    public void Adaptive_Contention_BeatsLimitsThatNeverMove()
    {
        Plant plant = new() { Load = _ => 2, Contention = 0.3 };
        double adaptive = plant.Run(1).Goodput(20, 60);
        foreach (int value in (int[])[1, 4, 100, 1000])
        {
            LimitSettings still = new() { Algorithm = LimitAlgorithm.Fixed, Initial = value, Min = value, Max = value };
            Assert.True(adaptive > (plant with { Limit = still }).Run(1).Goodput(20, 60) + 0.2);
        }
    }

    private static Plant PoolOfEight(double critical) => new()
    {
        Servers = 8,
        Pooled = true,
        Load = _ => 5,
        Critical = critical,
        Routes = [new(0.02, 0.1), new(0.02, 0.4), new(0.03, 0.2), new(0.01, 0.3)],
    };

    private static IEnumerable<PlantResult> Runs(Plant plant) => Enumerable.Range(1, Seeds).Select(plant.Run);
}
