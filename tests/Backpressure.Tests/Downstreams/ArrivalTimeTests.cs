using Backpressure.Admission;
using Backpressure.Downstreams;
using Backpressure.Measurement;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests.Downstreams;

/// <summary>By which clock those come who meet a full gate. The fine clock is the tests' own, the coarse one the system's.</summary>
public sealed class ArrivalTimeTests : IDisposable
{
    private readonly FineTimeProvider _time = new();
    private readonly LoadShedder _shedder;
    private readonly RequestClass _any;

    public ArrivalTimeTests()
    {
        _shedder = new LoadShedder(Fixed(1), _time);
        _any = _shedder.ClassOf("any");
    }

    private Downstream Downstream => DownstreamOf(_any);

    public void Dispose() => _shedder.Dispose();

    [Fact]
    public void ArrivalTime_WhereEveryOneIsMeasured_IsTheClocks()
    {
        for (int i = 0; i < 100; i++)
        {
            _time.Pass(1);
            Assert.Equal(_time.GetTimestamp(), Downstream.ArrivalTime());
        }
    }

    [Fact]
    public void ArrivalTime_WhereOnlySomeAre_IsTheLastHandOversWithinATick()
    {
        MeasureSome();
        long arrived = 0;
        long handedOver = 0;
        long later = 0;
        WithinOneTick(() =>
        {
            arrived = Downstream.ArrivalTime();
            _time.Pass(1);
            later = Downstream.ArrivalTime();
            handedOver = HandOver();
            _time.Pass(1);
        });

        Assert.Equal(arrived, later);
        Assert.True(handedOver > arrived);
        WithinOneTick(() =>
        {
            // The first of a tick reads the clock.
            Downstream.ArrivalTime();
            handedOver = HandOver();
            _time.Pass(1);
            later = Downstream.ArrivalTime();
        });

        Assert.Equal(handedOver, later);
    }

    [Fact]
    public void ArrivalTime_OfTheFirstOfATick_IsTheClocks()
    {
        MeasureSome();
        for (int i = 0; i < 5; i++)
        {
            long tick = Environment.TickCount64;
            Downstream.ArrivalTime();
            Assert.True(SpinWait.SpinUntil(() => Environment.TickCount64 > tick, TimeSpan.FromSeconds(30)));
            _time.Pass(1);

            Assert.Equal(_time.GetTimestamp(), Downstream.ArrivalTime());
        }
    }

    [Fact]
    public void ArrivalTime_NeverGoesBack_WhoeverHandsOverLate()
    {
        MeasureSome();
        long last = 0;
        for (int i = 0; i < 1000; i++)
        {
            long read = _time.GetTimestamp();
            _time.Pass(0.01);
            long arrived = Downstream.ArrivalTime();
            Assert.True(arrived >= last);
            last = arrived;

            // By a thread that read its clock before.
            HandOver(read);
        }
    }

    private long HandOver() => HandOver(_time.GetTimestamp());

    private long HandOver(long now)
    {
        DecidedWaiters decided = default;
        Downstream.Gate.HandOver(now, ref decided);
        return now;
    }

    private void MeasureSome()
    {
        Downstream.Sampling.Look(Downstream.Gate.Sequence + (60u * Sampling.Enough * 10), _time.GetTimestamp() + (60 * _time.TimestampFrequency));
        Assert.Equal(3, Downstream.Sampling.Shift);
    }

    // A tick may end in the midst of it; then what happened says nothing, and it is done again.
    private static void WithinOneTick(Action action)
    {
        for (int attempt = 0; attempt < 10_000; attempt++)
        {
            long tick = Environment.TickCount64;
            action();
            if (Environment.TickCount64 == tick)
            {
                return;
            }
        }

        Assert.Fail("No tick of the coarse clock was long enough.");
    }
}
