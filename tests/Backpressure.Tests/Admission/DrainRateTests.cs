using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

public sealed class DrainRateTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(20_000)]
    public void NoteFull_UnderSteadyLoad_MeasuresTheRate(double perSecond)
    {
        var rig = new GateRig(8);
        rig.Drain(perSecond, seconds: Math.Max(2, 40 / perSecond));

        Assert.InRange(rig.Gate.DrainPerSecond, 0.95 * perSecond, 1.05 * perSecond);
    }

    [Fact]
    public void NoteFull_WhenTheDownstreamSlowsDown_FollowsWithinASecond()
    {
        var rig = new GateRig(8);
        rig.Drain(1000);
        rig.Wait();

        // One waits throughout, and the clock ticks as it does while somebody waits.
        for (int i = 0; i < 100; i++)
        {
            rig.Advance(0.01);
            rig.Expire();
            if (i % 10 == 0)
            {
                rig.Leave();
                rig.Wait();
            }
        }

        Assert.InRange(rig.Gate.DrainPerSecond, 5, 200);
    }

    [Fact]
    public void NoteFull_WhenTheDownstreamStops_FallsWithoutAnyCompletion()
    {
        var rig = new GateRig(8);
        rig.Drain(1000);
        rig.Wait();
        for (int i = 0; i < 200; i++)
        {
            rig.Advance(0.01);
            rig.Expire();
        }

        Assert.InRange(rig.Gate.DrainPerSecond, 0.1, 100);
    }

    [Fact]
    public void Expire_WithNobodyWaiting_MeasuresNothing()
    {
        var rig = new GateRig(8);
        rig.Drain(1000);
        rig.Leave(times: 8);
        for (int i = 0; i < 20; i++)
        {
            rig.Advance(0.5);
            rig.Expire();
        }

        // An idle gate completes nothing, which says nothing of what it could.
        Assert.InRange(rig.Gate.DrainPerSecond, 950, 1050);
    }

    [Fact]
    public void NoteFull_OnBursts_DoesNotCountThePausesBetweenThem()
    {
        var rig = new GateRig(8);
        rig.Drain(1000);
        rig.Leave(times: 8);
        for (int burst = 0; burst < 10; burst++)
        {
            rig.Advance(0.8);
            rig.Fill();
            TestWaiter[] waiters = [.. Enumerable.Range(0, 50).Select(_ => rig.Wait())];
            for (int i = 0; i < 58; i++)
            {
                rig.Advance(0.001);
                rig.Leave();
                if (i % 10 == 0)
                {
                    rig.Expire();
                }
            }

            Admitted(waiters);
        }

        Assert.InRange(rig.Gate.DrainPerSecond, 800, 1200);
    }
}
