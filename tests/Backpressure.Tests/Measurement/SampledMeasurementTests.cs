using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>What a window says of many when few of them are measured.</summary>
public sealed class SampledMeasurementTests
{
    /// <summary>What the law is given must be the same whether everything is measured or one of many.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Measurement_OfSomeOnly_SaysTheSameAsOfAll(int shift)
    {
        Sampling sampling = SamplingTests.At(shift);
        var all = new ServiceMeter(SamplingTests.TicksPerSecond);
        var some = new ServiceMeter(SamplingTests.TicksPerSecond);
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
}
