using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

public sealed class SamplingTests
{
    private const int CounterBits = 23;
    private const long TicksPerSecond = 1_000_000;

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
            Sampling sampling = At(shift);
            foreach (int first in (int[])[1, 2, 12_345, 9_999_999])
            {
                const int Count = 50_000;
                int stoodFor = 0;
                for (int i = 0; i < Count; i++)
                {
                    stoodFor += sampling.WeightOf(first + ((long)i * step));
                }

                Assert.InRange(stoodFor, 0.985 * Count, 1.015 * Count);
            }
        }
    }

    /// <summary>What the law is given must be the same whether everything is measured or one of many.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Measurement_OfSomeOnly_SaysTheSameAsOfAll(int shift)
    {
        Sampling sampling = At(shift);
        var all = new ServiceMeter(TicksPerSecond);
        var some = new ServiceMeter(TicksPerSecond);
        var random = new Random(shift);
        int[] routes = [all.RouteIndex("fast"), all.RouteIndex("slow")];
        Assert.Equal<int[]>(routes, [some.RouteIndex("fast"), some.RouteIndex("slow")]);

        // A first window gives both routes their baselines; the second is twice as slow, and half as full of the slow one.
        for (int window = 1; window <= 2; window++)
        {
            for (int arrival = 1; arrival <= 200_000; arrival++)
            {
                // Two clients in turns, as a naïve "every second one" would never see both of.
                bool slow = arrival % (2 * window) == 0;
                long latency = (long)(-Math.Log(1 - random.NextDouble()) * (slow ? 40_000 : 4_000) * window);
                int inFlight = random.Next(50, 150);
                all.Record(all.Take(), routes[slow ? 1 : 0], latency, inFlight);
                if (sampling.WeightOf(arrival) is > 0 and var weight)
                {
                    some.Record(some.Take(), routes[slow ? 1 : 0], latency, inFlight, weight);
                }

                if (arrival % 256 == 0)
                {
                    all.Drain();
                    some.Drain();
                }
            }

            all.Drain();
            some.Drain();
            if (window == 1)
            {
                all.CloseWindow(default);
                some.CloseWindow(default);
            }
        }

        MeterSums whole = all.Open;
        MeterSums part = some.Open;
        Assert.Equal(1, (double)part.Departures / whole.Departures, 0.002);
        Assert.Equal(1, (double)part.Samples / whole.Samples, 0.002);
        Assert.Equal(1, part.InFlightSum / whole.InFlightSum, 0.02);
        Assert.Equal(1, part.LatencySum / whole.LatencySum, 0.1);
        Assert.Equal(1, some.Work() / all.Work(), 0.1);
        Assert.Equal(2, part.LatencySum / some.Work(), 0.2);

        // How much it knows is a matter of what it has really measured.
        Assert.Equal(1, part.EffectiveSamples * (1 << shift) / whole.EffectiveSamples, 0.2);
    }

    private static Sampling At(int shift)
    {
        var sampling = new Sampling(CounterBits, TicksPerSecond, 0);
        sampling.Look((uint)(Sampling.Enough << shift), TicksPerSecond);
        Assert.Equal(shift, sampling.Shift);
        return sampling;
    }
}
