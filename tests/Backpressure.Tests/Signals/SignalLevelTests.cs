using Backpressure.Signals;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Signals;

public sealed class SignalLevelTests
{
    [Theory]
    [InlineData(4, 5, 50, 0)]
    [InlineData(5, 5, 50, 0)]
    [InlineData(27.5, 5, 50, 0.5)]
    [InlineData(50, 5, 50, 1)]
    [InlineData(900, 5, 50, 1)]
    [InlineData(6, 5, 0, 0)]
    [InlineData(4, 5, 0, 0.2)]
    [InlineData(0, 5, 0, 1)]
    public void Of_IsLinearBetweenTheThresholdsInEitherDirection(double value, double soft, double hard, double level) =>
        Assert.Equal(level, SignalLevel.Of(value, soft, hard), 9);

    [Fact]
    public void After_ARise_FollowsAtOnce() => Assert.Equal(1, SignalLevel.None.After(60, 0.1, 0, 5, 50).Level);

    [Fact]
    public void After_AFall_TakesASecondFromEndToEnd()
    {
        SignalLevel level = SignalLevel.None.After(60, 0.1, 0, 5, 50);
        for (int tenth = 9; tenth >= 0; tenth--)
        {
            level = level.After(0, 0.1, 0, 5, 50);
            Assert.Equal(tenth / 10.0, level.Level, 9);
        }
    }

    [Fact]
    public void After_NoiseBelowTheDeadBand_StaysWhereItIs()
    {
        SignalLevel level = SignalLevel.None.After(0.5, 0.1, 0, 0, 1);

        Assert.All([0.515, 0.49, 0.51, 0.485], noisy => Assert.Equal(0.5, level.After(noisy, 10, 0, 0, 1).Level));
        Assert.Equal(0.53, level.After(0.53, 0.1, 0, 0, 1).Level, 9);
    }

    [Fact]
    public void After_ASmallStepToAnEnd_IsFollowed()
    {
        SignalLevel level = SignalLevel.None.After(0.01, 0.1, 0, 0, 1);
        Assert.Equal(0, level.Level);

        level = new SignalLevel(0.01, 0.01);
        Assert.Equal(0, level.After(0, 0.1, 0, 0, 1).Level);
        Assert.Equal(1, new SignalLevel(0.99, 0.99).After(1, 0.1, 0, 0, 1).Level);
    }

    [Fact]
    public void After_WithSmoothing_IsAnExponentialAverageOverTime()
    {
        SignalLevel level = SignalLevel.None.After(0, 0.1, 1, 0, 1);
        for (int i = 0; i < 10; i++)
        {
            level = level.After(1, 0.1, 1, 0, 1);
        }

        Assert.Equal(1 - Math.Exp(-1), level.Value, 9);
    }

    [Fact]
    public void After_AnyReadings_StaysBetweenZeroAndOneAndNeverRisesAboveWhatIsRead() =>
        Gen.Select(Gen.Double[-10, 10], Gen.Double[0, 0.5]).Array[1, 100].Sample(readings =>
        {
            SignalLevel level = SignalLevel.None;
            foreach ((double reading, double seconds) in readings)
            {
                double before = level.Level;
                level = level.After(reading, seconds, 0, -1, 1);
                double wanted = SignalLevel.Of(reading, -1, 1);
                Assert.InRange(level.Level, 0, 1);
                Assert.True(level.Level <= Math.Max(before, wanted) && level.Level >= Math.Min(before, wanted));
            }
        });
}
