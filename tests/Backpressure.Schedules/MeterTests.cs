using Backpressure.Measurement;
using Backpressure.Schedules.Controlled;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>The ring that completions write into with no lock, lapped and drained at the same place.</summary>
public sealed class MeterTests
{
    [Fact]
    public void Drain_OfAPlaceThatIsWrittenTwice_NeverMixesTwoSamples()
    {
        ControlledVolatile.RingIsShared = true;
        try
        {
            Schedule.Explore(DrainAsItIsWritten);
        }
        finally
        {
            ControlledVolatile.RingIsShared = false;
        }
    }

    [Fact]
    public void Take_ByManyAtOnce_GivesEachItsOwn() => Schedule.Explore(async () =>
    {
        var meter = new ServiceMeter(ticksPerSecond: 1);
        uint first = 0;
        uint second = 0;
        await Schedule.AtOnce(() => Do(() => first = meter.Take()), () => Do(() => second = meter.Take()));
        Assert.NotEqual(first, second);
    });

    [Fact]
    public void Drain_AsOneIsDropped_HasTheTimeOfWhatItCounts() => Schedule.Explore(async () =>
    {
        var meter = new ServiceMeter(ticksPerSecond: 1);
        await Schedule.AtOnce(() => Do(() => meter.Dropped(latencyTicks: 7)), () => Do(() =>
        {
            meter.Drain();
            Assert.InRange(meter.Open.Dropped, 0, meter.Open.DroppedSamples);
            Assert.True(meter.Open.DroppedLatencySum >= 7 * meter.Open.DroppedSamples, "What is counted has its time.");
        }));
        meter.Drain();
        Assert.Equal((1, 1, 7.0), (meter.Open.Dropped, meter.Open.DroppedSamples, meter.Open.DroppedLatencySum));
    });

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static async Task DrainAsItIsWritten()
    {
        var meter = new ServiceMeter(ticksPerSecond: 1);
        await Schedule.AtOnce(
            () => Record(meter, 1, latency: 10, inFlight: 1),
            () => Record(meter, 1 + ServiceMeter.RingSize, latency: 1000, inFlight: 100),
            () => Drain(meter));
        await Drain(meter);

        // A sample's latency is ten times its requests in flight. The later write may hide the earlier one.
        MeterSums sums = meter.Open;
        Assert.Equal(sums.LatencySum, 10.0 * sums.InFlightSum);
        Assert.InRange(sums.Departures, 0, 2);
        Assert.Equal(sums.Departures, sums.Samples);
    }

    private static Task Record(ServiceMeter meter, uint sequence, long latency, int inFlight)
    {
        meter.Record(sequence, route: 1, latency, inFlight);
        return Task.CompletedTask;
    }

    private static Task Drain(ServiceMeter meter)
    {
        meter.Drain();
        return Task.CompletedTask;
    }
}
