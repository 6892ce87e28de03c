using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

public sealed class DrainRateTests
{
    private const long Second = 1000;

    [Theory]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(20_000)]
    public void NoteFull_UnderSteadyLoad_MeasuresTheRate(double perSecond)
    {
        var rig = new GateRig(8);
        rig.Drain(perSecond, seconds: Math.Max(0.5, 40 / perSecond));

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

    [Fact]
    public void NoteFull_OnceEnoughHaveCompleted_TakesTheirRate()
    {
        DrainRate drain = default;
        drain.NoteFull(now: 1000, sequence: 100, Second);
        drain.NoteFull(now: 1080, sequence: 107, Second);
        Assert.Equal(0, drain.PerSecond);

        drain.NoteFull(now: 1100, sequence: 108, Second);
        Assert.Equal(80, drain.PerSecond, 9);

        // The next interval begins where this one has ended, and counts for as long as it is beside half a second.
        drain.NoteFull(now: 1150, sequence: 116, Second);
        Assert.Equal(80 + ((1 - Math.Exp(-0.1)) * 80), drain.PerSecond, 9);
    }

    [Fact]
    public void NoteFull_PastTheEndOfTheSequence_CountsOn()
    {
        DrainRate drain = default;
        drain.NoteFull(now: 0, sequence: (1u << GateWord.SequenceBits) - 5, Second);

        drain.NoteFull(now: 100, sequence: 3, Second);

        Assert.Equal(80, drain.PerSecond, 9);
    }

    [Fact]
    public void NoteFull_WithNoTimePassed_WaitsUntilSomeHas()
    {
        DrainRate drain = default;
        drain.NoteFull(now: 100, sequence: 0, Second);
        drain.NoteFull(now: 100, sequence: 50, Second);
        drain.NoteFull(now: 90, sequence: 60, Second);
        Assert.Equal(0, drain.PerSecond);

        drain.NoteFull(now: 200, sequence: 80, Second);

        Assert.Equal(800, drain.PerSecond, 9);
    }

    [Theory]
    [InlineData(1000, 8)]
    [InlineData(1001, 0)]
    public void NoteFull_WithNoRateYet_TakesASecondForOneFullStretch(long apart, double expected)
    {
        DrainRate drain = default;
        drain.NoteFull(now: 0, sequence: 0, Second);

        drain.NoteFull(now: apart, sequence: 8, Second);

        Assert.Equal(expected, drain.PerSecond, 9);
    }

    // At 80 a second the next four take 50 ms, and so 100 ms are the least; at 8 they take half a second, at 1 the most.
    [Theory]
    [InlineData(100, 100)]
    [InlineData(1000, 500)]
    [InlineData(8000, 1000)]
    public void NoteFull_AfterALongerPause_BeginsAnew(int eightTake, int longest)
    {
        DrainRate together = Rate(eightTake);
        together.NoteFull(eightTake + longest, sequence: 1008, Second);
        Assert.True(together.PerSecond > 8000.0 / eightTake, "It was full all the time.");

        DrainRate apart = Rate(eightTake);
        apart.NoteFull(eightTake + longest + 1, sequence: 1008, Second);
        Assert.Equal(8000.0 / eightTake, apart.PerSecond, 9);

        // What has completed in the pause does not count, nor does the pause.
        apart.NoteFull(eightTake + longest + eightTake, sequence: 1008, Second);
        apart.NoteFull(eightTake + longest + 1 + eightTake, sequence: 1016, Second);
        Assert.Equal(8000.0 / eightTake, apart.PerSecond, 9);
    }

    [Fact]
    public void NoteFull_WhileNothingCompletes_TakesItForStalledAfterFourTimesAsLong()
    {
        DrainRate drain = Rate(eightTake: 100);
        drain.NoteFull(now: 500, sequence: 8, Second);
        Assert.Equal(80, drain.PerSecond, 9);

        drain.NoteFull(now: 501, sequence: 8, Second);

        // As if one had completed.
        Assert.Equal(80 + ((1 - Math.Exp(-0.802)) * ((1 / 0.401) - 80)), drain.PerSecond, 9);
    }

    // Eight have completed, at the time that they take.
    private static DrainRate Rate(int eightTake)
    {
        DrainRate drain = default;
        drain.NoteFull(now: 0, sequence: 0, Second);
        drain.NoteFull(eightTake - 1, sequence: 0, Second);
        drain.NoteFull(eightTake, sequence: 8, Second);
        return drain;
    }
}
