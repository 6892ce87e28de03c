using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

/// <summary>A lower priority's share is one of service: it is sure of that much, and of no more.</summary>
public sealed class MinShareTests
{
    // Ten times as long, or ten times as heavy: one of ninety-one, and not one of ten.
    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(10, 0.05)]
    public void Share_OfLongOrHeavyRequests_IsOneOfServiceAndNotOfRequests(int cost, double usual)
    {
        var rig = new GateRig(10, Queue(capacity: 10_000, minShare: 0.1));
        rig.Fill();
        for (int i = 0; i < 1000; i++)
        {
            rig.Wait(Priority.Critical, usual: 0.05);
            rig.Wait(Priority.Low, cost: cost, usual: usual);
        }

        // Ten end and ten go, unless the heavy one is next: that takes all ten places.
        int seen = 0;
        while (seen < 500)
        {
            int running = rig.Gate.InFlight;
            rig.Leave(times: running);
            seen = rig.Told.Count(w => w.Arrival.Priority == Priority.Critical);
        }

        Assert.InRange(rig.Told.Count(w => w.Arrival.Priority == Priority.Low), seen / 91, (seen / 89) + 1);
    }

    // 40 a second, and nobody waits for more than half a second: a hundred services take longer than one of them may wait.
    [Fact]
    public void Share_WhereNobodyMayWaitForOneTurn_IsSavedWhileTheyComeAndGo()
    {
        var rig = new GateRig(20, Queue(capacity: null, minShare: 0.01));
        rig.Drain(perSecond: 40);
        for (int step = 0; step < 40 * 60; step++)
        {
            if (step % 40 == 0)
            {
                rig.Arrive(rig.Ask(Priority.Low, maxWait: 0.5, usual: 0.5), out _, out _);
            }

            rig.Arrive(rig.Ask(Priority.Normal, maxWait: 0.5, usual: 0.5), out _, out _);
            rig.Arrive(rig.Ask(Priority.Normal, maxWait: 0.5, usual: 0.5), out _, out _);
            rig.Advance(1.0 / 40);
            rig.Leave();
            rig.Expire();
        }

        int served = rig.Told.Count(w => w is { State: WaiterState.Admitted, Arrival.Priority: Priority.Low });
        Assert.InRange(served, 18, 25);
    }

    [Fact]
    public void Share_OfThoseThatNoLongerCome_IsForgotten()
    {
        var rig = new GateRig(1, Queue(minShare: 0.25));
        rig.Fill();
        TestWaiter first = rig.Wait(Priority.Low);
        Serve(rig, Priority.Critical, 3);
        Assert.True(rig.Cancel(first));

        // It has saved three quarters, and saves on for as long as places are kept for it, one turn at most.
        rig.Advance(10.1);
        Serve(rig, Priority.Critical, 8);
        rig.Wait(Priority.Low);
        Serve(rig, Priority.Critical, 3);
        Assert.DoesNotContain(rig.Told, w => w is { State: WaiterState.Admitted, Arrival.Priority: Priority.Low });
        Serve(rig, Priority.Critical, 2);
        Assert.Contains(rig.Told, w => w is { State: WaiterState.Admitted, Arrival.Priority: Priority.Low });
    }

    [Fact]
    public void Share_OfALaneThatIsEmptyForAMoment_IsOneTurnAtMost()
    {
        var rig = new GateRig(1, Queue(minShare: 0.5));
        rig.Fill();
        Assert.True(rig.Cancel(rig.Wait(Priority.Low)));
        Serve(rig, Priority.Critical, 20);
        TestWaiter[] low = [.. Enumerable.Range(0, 5).Select(_ => rig.Wait(Priority.Low))];
        TestWaiter[] critical = [.. Enumerable.Range(0, 5).Select(_ => rig.Wait(Priority.Critical))];

        // The one that was saved, and then every second one.
        rig.Leave(times: 3);
        Admitted(low[..2]);
        Admitted(critical[0]);
        Waiting(low[2], critical[1]);
    }

    // A report runs on. The heavy one would need all, so it cannot be its turn: a fifth of a second, and the others go on.
    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    public void Turn_OfOneThatIsTooHeavyForWhatIsFree_HoldsThoseAboveItBackForAMomentOnly(int cost)
    {
        GateRig rig = WithAHeavyOnesTurn(cost, out TestWaiter heavy);
        rig.Leave(times: 19);
        Assert.Equal(1, rig.Gate.InFlight);

        rig.Advance(0.19);
        rig.Expire();
        Assert.Equal(1, rig.Gate.InFlight);

        rig.Advance(0.02);
        rig.Expire();
        Assert.Equal(20, rig.Gate.InFlight);
        Waiting(heavy);

        // And it is not its turn again at once.
        rig.Leave(times: 19);
        Assert.Equal(20, rig.Gate.InFlight);
    }

    [Fact]
    public void Turn_OfOneThatIsHeavy_IsWaitedForWhereRoomComesInTime()
    {
        GateRig rig = WithAHeavyOnesTurn(cost: 20, out TestWaiter heavy);
        rig.Leave(times: 19);
        rig.Advance(0.1);
        rig.Leave();

        Admitted(heavy);
        Assert.Equal(20, rig.Gate.InFlight);
    }

    // The next of its lane does not begin anew: otherwise those who give up soon would hold the others back for good.
    [Fact]
    public void Turn_OfOneThatGivesUp_HoldsNobodyBackForLonger()
    {
        GateRig rig = WithAHeavyOnesTurn(cost: 20, out TestWaiter heavy);
        rig.Wait(Priority.Low, cost: 20, usual: 0.05);
        rig.Leave(times: 19);
        rig.Advance(0.15);
        Assert.True(rig.Cancel(heavy));
        Assert.Equal(1, rig.Gate.InFlight);

        rig.Advance(0.06);
        rig.Expire();
        Assert.Equal(20, rig.Gate.InFlight);
    }

    // Twenty run, two hundred of the highest priority wait, and it is the turn of a heavy one.
    private static GateRig WithAHeavyOnesTurn(int cost, out TestWaiter heavy)
    {
        var rig = new GateRig(20, Queue(minShare: 0.5));
        rig.Fill();
        heavy = rig.Wait(Priority.Low, cost: cost, usual: 0.05);
        for (int i = 0; i < 300; i++)
        {
            rig.Wait(Priority.Critical, usual: 0.05);
        }

        rig.Leave(times: 2 * cost);
        Assert.Equal(20, rig.Gate.InFlight);
        Waiting(heavy);
        return rig;
    }

    // One comes and waits until whoever runs has ended.
    private static void Serve(GateRig rig, Priority priority, int times)
    {
        for (int i = 0; i < times; i++)
        {
            rig.Wait(priority);
            rig.Leave();
        }
    }
}
