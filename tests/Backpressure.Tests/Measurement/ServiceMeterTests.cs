using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

public sealed class ServiceMeterTests
{
    [Fact]
    public void RouteIndex_SameName_IsSameIndex()
    {
        ServiceMeter meter = new(1000);
        int a = meter.RouteIndex("a");
        int b = meter.RouteIndex("b");
        Assert.Equal([1, 2, 1], [a, b, meter.RouteIndex("a")]);
    }

    [Fact]
    public void RouteIndex_PastTheMost_AllShareOne()
    {
        ServiceMeter meter = new(1000);
        int[] indices = [.. Enumerable.Range(0, ServiceMeter.MaxRoutes + 5).Select(i => meter.RouteIndex($"r{i}"))];
        Assert.Equal(Enumerable.Range(1, ServiceMeter.MaxRoutes), indices.Take(ServiceMeter.MaxRoutes));
        Assert.All(indices.Skip(ServiceMeter.MaxRoutes), i => Assert.Equal(0, i));
        meter.Record(0, 0, 5, 1);
        meter.Record(1, ServiceMeter.MaxRoutes, 5, 1);
        meter.Drain();
        Assert.Equal(2, meter.Open.Samples);
        Assert.Equal(5, meter.UsualLatencyTicks(ServiceMeter.MaxRoutes));
    }

    [Fact]
    public void Drain_Twice_CountsEachDepartureOnce()
    {
        ServiceMeter meter = new(1000);
        meter.Record(0, 1, 100, 3);
        meter.Drain();
        meter.Record(1, 1, 200, 5);
        meter.Record(2, 1, -1, 4);
        meter.Dropped(700);
        meter.Dropped(-1);
        meter.Drain();
        meter.Drain();
        MeterSums sums = meter.Open;
        Assert.Equal(3, sums.Departures);
        Assert.Equal(2, sums.Samples);
        Assert.Equal(2, sums.Dropped);
        Assert.Equal(1, sums.DroppedSamples);
        Assert.Equal(0.7, sums.DroppedLatencySum, 9);
        Assert.Equal(12, sums.InFlightSum);
        Assert.Equal(5, sums.PeakInFlight);
        Assert.Equal(0.3, sums.LatencySum, 9);
        Assert.Equal(0.05, sums.LatencySquaredSum, 9);
        Assert.Equal(0.05, sums.LatencySecondMoment, 9);
    }

    [Fact]
    public void Drain_OneThatStandsForMany_CountsAsOftenAndItsSquareByTheSquare()
    {
        ServiceMeter meter = new(1000);
        meter.Record(0, 1, 500, 3, weight: 4);
        meter.Drain();
        MeterSums sums = meter.Open;
        Assert.Equal((4, 4, 12.0, 2.0), (sums.Departures, sums.Samples, sums.InFlightSum, sums.LatencySum));
        Assert.Equal((4.0, 1.0), (sums.LatencySquaredSum, sums.LatencySecondMoment));
    }

    [Fact]
    public void Held_IsOfTheWindowItWasToldIn()
    {
        ServiceMeter meter = new(1000);
        meter.Held(1, -1, 300);
        meter.Held(3, 100, 200, weight: 4); // 3 × 200 − 100, four times.
        meter.Drain();
        meter.Drain();
        Assert.Equal((2.3, 8.0), (Math.Round(meter.Open.OtherHeld, 9), meter.Open.OtherUnits));
        meter.Discard();
        meter.Held(2, -1, 350);
        meter.Drain();
        Assert.Equal((0.7, 1.0), (Math.Round(meter.Open.OtherHeld, 9), meter.Open.OtherUnits));
    }

    [Theory]
    [InlineData(68, 0)] // A sixteenth longer is no news.
    [InlineData(69, 5)]
    public void Held_HardlyLongerThanTheLatency_IsNotTold(long held, long expected)
    {
        ServiceMeter meter = new(1);
        meter.Held(1, 64, held);
        meter.Drain();
        Assert.Equal((expected, 0), (meter.Open.OtherHeld, meter.Open.OtherUnits));
    }

    [Fact]
    public void Dropped_AtOnce_IsASampleOfNoTime()
    {
        ServiceMeter meter = new(1000);
        meter.Dropped(0);
        meter.Drain();
        Assert.Equal((1, 1, 0.0), (meter.Open.Dropped, meter.Open.DroppedSamples, meter.Open.DroppedLatencySum));
    }

    [Fact]
    public void Drain_LateWriter_IsFoundByTheNext()
    {
        ServiceMeter meter = new(1);
        meter.Record(0, 1, 10, 1);
        meter.Record(2, 1, 10, 1);
        meter.Drain();
        meter.Record(1, 1, 10, 1);
        meter.Drain();
        Assert.Equal(3, meter.Open.Departures);
    }

    [Fact]
    public void Drain_LappedRing_KeepsTheNewest()
    {
        ServiceMeter meter = new(1);
        for (uint i = 0; i < 3000; i++)
        {
            meter.Record(i, 1, i, 1);
        }

        meter.Drain();
        Assert.Equal(ServiceMeter.RingSize, meter.Open.Departures);
        Assert.Equal(Enumerable.Range(3000 - ServiceMeter.RingSize, ServiceMeter.RingSize).Sum(i => (double)i), meter.Open.LatencySum);
    }

    [Fact]
    public void Drain_AcrossTheWrapOfTheSequence_LosesNothing()
    {
        ServiceMeter meter = new(1);
        uint first = ServiceMeter.SequenceMask - 300;
        for (uint i = 0; i < 1000; i++)
        {
            meter.Record((first + i) & ServiceMeter.SequenceMask, 1, 7, 1);
            if (i % 200 == 0)
            {
                meter.Drain();
            }
        }

        meter.Drain();
        Assert.Equal(1000, meter.Open.Departures);
        Assert.Equal(7000, meter.Open.LatencySum);
    }

    [Theory]
    [InlineData(long.MaxValue, 0)]
    [InlineData(1L << 41, 0)]
    [InlineData((1L << 41) - 2, 1)]
    [InlineData(0, 1)]
    [InlineData(-1, 0)]
    public void Record_LatencyTooLongToHold_IsNoSample(long latency, int samples)
    {
        ServiceMeter meter = new(1);
        meter.Record(0, 1, latency, int.MaxValue);
        meter.Drain();
        Assert.Equal(1, meter.Open.Departures);
        Assert.Equal(samples, meter.Open.Samples);
        Assert.Equal(samples * (double)latency, meter.Open.LatencySum);
    }

    [Fact]
    public async Task Drain_KeepingUpWithConcurrentWriters_LosesNothing()
    {
        const int Writers = 3;
        int rounds = Effort.Of(2000);
        const int PerRound = ServiceMeter.RingSize / Writers / 2;
        ServiceMeter meter = new(1);
        int sequence = -1;
        Lock draining = new();
        void Drain()
        {
            lock (draining)
            {
                meter.Drain();
            }
        }

        // Nobody starts a round before all have written the last: a writer that is kept from its core for a whole lap
        // may lose its sample, and that is not what is tried here.
        using Barrier round = new(Writers, _ => Drain());
        Task writers = Task.WhenAll(
        [
            .. Enumerable.Range(0, Writers).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    for (int i = 0; i < rounds * PerRound; i++)
                    {
                        int mine = Interlocked.Increment(ref sequence);
                        int inFlight = (mine % 1000) + 1;
                        meter.Record((uint)mine, 1, inFlight * 1000L, inFlight);
                        if (i % PerRound == PerRound - 1)
                        {
                            round.SignalAndWait();
                        }
                    }
                },
                TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ]);
        while (!writers.IsCompleted)
        {
            Drain();
        }

        await writers;
        Assert.Equal(Writers * rounds * PerRound, meter.Open.Departures);
        Assert.Equal(1000 * meter.Open.InFlightSum, meter.Open.LatencySum);
    }

    [Fact]
    public async Task Drain_LappedByConcurrentWriters_NeverMixesTwoSamples()
    {
        int perWriter = Effort.Of(300_000);
        ServiceMeter meter = new(1);
        int sequence = -1;
        Task writers = Task.WhenAll(
        [
            .. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                for (int i = 0; i < perWriter; i++)
                {
                    int mine = Interlocked.Increment(ref sequence);
                    int inFlight = (int)((uint)mine * 2654435761u >> 20) + 1;
                    meter.Record((uint)mine, 1, inFlight * 1000L, inFlight);
                }
            })),
        ]);
        int drains = 0;
        while (!writers.IsCompleted)
        {
            meter.Drain();
            drains++;

            // One mixed entry would break the proportion: every latency is 1000 times its entry's own count.
            Assert.Equal(1000 * meter.Open.InFlightSum, meter.Open.LatencySum);
        }

        await writers;
        meter.Drain();
        Assert.True(drains > 0);
        Assert.InRange(meter.Open.Departures, ServiceMeter.RingSize, 3 * perWriter);
        Assert.Equal(1000 * meter.Open.InFlightSum, meter.Open.LatencySum);
    }

    [Fact]
    public void Record_Always_AllocatesNothing()
    {
        ServiceMeter meter = new(1000);
        int route = meter.RouteIndex("a");
        meter.Record(0, route, 5, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = 1; i < 10_000; i++)
        {
            meter.Record(i, meter.RouteIndex("a"), 5, 1);
            _ = meter.UsualLatencyTicks(route);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void UsualLatency_UnknownRoute_IsZero_ThenFollows()
    {
        ServiceMeter meter = new(1_000_000);
        int route = meter.RouteIndex("a");
        Assert.Equal(0, meter.UsualLatencyTicks(route));
        Assert.Equal(0, meter.UsualLatencyTicks(900));
        for (uint i = 0; i < 500; i++)
        {
            meter.Record(i, route, 40_000, 1);
        }

        meter.Drain();
        Assert.InRange(meter.UsualLatencyTicks(route), 39_999, 40_001);
        for (uint i = 500; i < 1000; i++)
        {
            meter.Record(i, route, 80_000, 1);
        }

        meter.Drain();
        Assert.InRange(meter.UsualLatencyTicks(route), 79_000, 80_001);
    }

    [Fact]
    public void Work_RouteFirstMetUnderCongestion_IsStretchedLikeTheOthers()
    {
        ServiceMeter meter = new(1000);
        uint sequence = 0;
        Add(meter, ref sequence, 1, 20, 50);
        meter.CloseWindow(default);

        // Twice as slow, and a route never seen before: it is taken to be twice as slow as well.
        Add(meter, ref sequence, 1, 40, 50);
        Add(meter, ref sequence, 2, 200, 50);
        Assert.Equal(50 * (0.02 + 0.1), meter.Work(), 9);
        meter.CloseWindow(default);
        Add(meter, ref sequence, 2, 200, 10);
        Assert.Equal(10 * 0.1, meter.Work(), 9);
    }

    [Fact]
    public void CloseWindow_Follow_MovesBaselinesBothWays_HoldDoesNot()
    {
        // Of logarithms, 128 effective samples (1.28 each) of the 400 that are remembered.
        double once = 0.02 * Math.Pow(3, 128 / 400.0);
        double afterBoth = once * Math.Pow(0.01 / once, 128 / 400.0);
        ServiceMeter meter = new(1000);
        uint sequence = 0;
        Add(meter, ref sequence, 1, 20, 400);
        meter.CloseWindow(default);
        foreach ((int latency, BaselineChange change, double expected) in new (int, BaselineChange, double)[]
        {
            (60, default, 0.02),
            (60, BaselineChange.Follow, once),
            (10, BaselineChange.Follow, afterBoth),
            (10, BaselineChange.ScaleBy(2), 2 * afterBoth),
        })
        {
            Add(meter, ref sequence, 1, latency, 100);
            meter.CloseWindow(change);
            Add(meter, ref sequence, 1, latency, 1);
            Assert.Equal(expected, meter.Work(), 9);
            meter.Discard();
        }
    }

    [Fact]
    public void Work_TwiceAsManyLongOnesAsUsual_IsHardlyAStretch()
    {
        // A tenth of the requests takes a hundred times as long.
        ServiceMeter meter = new(1000);
        uint sequence = 0;
        Add(meter, ref sequence, 1, 5, 900);
        Add(meter, ref sequence, 1, 500, 100);
        meter.CloseWindow(default);
        Add(meter, ref sequence, 1, 5, 80);
        Add(meter, ref sequence, 1, 500, 20);
        double stretch = meter.Open.LatencySum / meter.Work();
        Assert.InRange(stretch, 1.5, 1.7); // A ratio of sums would say 1.9.
        Assert.InRange(meter.Noise(), 0.13, 0.2);
        meter.Discard();
        Add(meter, ref sequence, 1, 10, 90);
        Add(meter, ref sequence, 1, 1000, 10);
        Assert.Equal(2, meter.Open.LatencySum / meter.Work(), 6);
    }

    private static void Add(ServiceMeter meter, ref uint sequence, int route, long latency, int count)
    {
        for (int i = 0; i < count; i++)
        {
            meter.Record(sequence++, route, latency, 1);
        }

        meter.Drain();
    }
}
