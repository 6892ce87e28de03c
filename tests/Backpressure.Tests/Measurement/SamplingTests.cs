using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

public sealed class SamplingTests
{
    private const int CounterBits = 23;
    internal const long TicksPerSecond = 1_000_000;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(19_999, 0)]
    [InlineData(20_000, 1)]
    [InlineData(39_999, 1)]
    [InlineData(100_000, 3)]
    [InlineData(639_999, 5)]
    [InlineData(640_000, 6)]
    [InlineData(1e12, 6)]
    public void ShiftAt_LeavesEnoughToLearnFrom(double perSecond, int shift)
    {
        Assert.Equal(shift, Sampling.ShiftAt(perSecond));
        Assert.True(shift == 0 || perSecond / (1 << shift) >= Sampling.Enough);
    }

    [Fact]
    public void Look_FollowsTheRateUpAndDown()
    {
        var sampling = new Sampling(CounterBits, TicksPerSecond, 0);
        sampling.Look(100, TicksPerSecond / 100);
        Assert.Equal(0, sampling.Shift);

        // Too soon to say.
        sampling.Look(5_000, (TicksPerSecond / 100) + 10);
        Assert.Equal(0, sampling.Shift);
        sampling.Look(1_100, 2 * TicksPerSecond / 100);
        Assert.Equal(3, sampling.Shift);
        sampling.Look(1_101, 3 * TicksPerSecond / 100);
        Assert.Equal(0, sampling.Shift);
    }

    [Theory]
    [InlineData(4_999, 0)]
    [InlineData(5_000, 4)] // A 200th of a second: 200 000 a second, of which 12 500 are left.
    public void Look_AfterATwoHundredthOfASecond_GoesByTheRate(long after, int shift)
    {
        var sampling = new Sampling(CounterBits, TicksPerSecond, 0);
        sampling.Look(1_000, after);
        Assert.Equal(shift, sampling.Shift);
    }

    [Fact]
    public void Look_ByOneThread_LeavesItToTheNext()
    {
        var sampling = new Sampling(CounterBits, TicksPerSecond, 0);
        var first = new Thread(() => sampling.Look(1_000, TicksPerSecond / 100));
        first.Start();
        first.Join();
        Assert.Equal(3, sampling.Shift);
        sampling.Look(1_001, 2 * TicksPerSecond / 100);
        Assert.Equal(0, sampling.Shift);
    }

    [Fact]
    public void Look_AcrossTheWrapOfTheCounter_SeesTheRate()
    {
        var sampling = new Sampling(CounterBits, TicksPerSecond, 0);
        sampling.Look((1 << CounterBits) - 500, TicksPerSecond);
        sampling.Look(500, TicksPerSecond + (TicksPerSecond / 100));
        Assert.Equal(3, sampling.Shift);
    }

    // Also of what comes every other time, every third …: no pattern of arrivals is in step with the choice.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(100)]
    public void Weights_OfAnyRun_StandForAllThatCame(int step)
    {
        for (int shift = 0; shift <= Sampling.MaxShift; shift++)
        {
            // Where one of 64 is chosen, ten too many or too few are 640.
            int count = Math.Max(15_000, Effort.Of(50_000));
            Sampling sampling = At(shift);
            foreach (int first in (int[])[1, 2, 12_345, 9_999_999])
            {
                int stoodFor = 0;
                for (int i = 0; i < count; i++)
                {
                    stoodFor += sampling.WeightOf(first + ((long)i * step));
                }

                Assert.InRange(stoodFor, count - 750, count + 750);
            }
        }
    }

    internal static Sampling At(int shift)
    {
        var sampling = new Sampling(CounterBits, TicksPerSecond, 0);
        sampling.Look((uint)(Sampling.Enough << shift), TicksPerSecond);
        Assert.Equal(shift, sampling.Shift);
        return sampling;
    }
}
