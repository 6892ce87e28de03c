using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

public sealed class GateTests
{
    [Fact]
    public void Arrive_WhenFree_EntersUpToTheLimitAndNotBeyond()
    {
        var rig = new GateRig(3);

        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => rig.Gate.TryEnter(1)));
        Assert.Equal(3, rig.Gate.InFlight);
        rig.Leave();
        Assert.Equal(ArrivalResult.Admitted, rig.Arrive(rig.Ask(), out _, out _));
        Assert.False(rig.Gate.HasWaiters);
    }

    [Fact]
    public void Arrive_WhenLimitReached_WaitsInPriorityOrder()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter low = rig.Wait(Priority.Low);
        TestWaiter normal = rig.Wait(Priority.Normal);
        TestWaiter critical = rig.Wait(Priority.Critical);
        TestWaiter high = rig.Wait(Priority.High);

        rig.Leave(times: 4);

        Assert.Equal([critical, high, normal, low], rig.Told);
        Admitted(low, normal, critical, high);
        Assert.Equal(1, rig.Gate.InFlight);
        Assert.False(rig.Gate.HasWaiters);
    }

    [Fact]
    public void Leave_WithinAPriority_ServesTheOldestWhetherItBlocksOrNot()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter[] waiters =
        [
            rig.Wait(), rig.Wait(overflow: Overflow.Block), rig.Wait(), rig.Wait(overflow: Overflow.Block), rig.Wait(),
        ];

        rig.Leave(times: 5);

        Assert.Equal(waiters, rig.Told);
    }

    [Fact]
    public void Leave_NewestFirstUnderOverload_OnceTheQueueStands_ServesTheNewestOfTheHighestPriority()
    {
        var rig = new GateRig(1, Queue(order: ProcessingOrder.NewestFirstUnderOverload));
        rig.Fill();
        TestWaiter a = rig.Wait();
        TestWaiter b = rig.Wait(overflow: Overflow.Block);
        TestWaiter c = rig.Wait();
        TestWaiter low = rig.Wait(Priority.Low);
        rig.Advance(0.11);

        rig.Leave(times: 4);

        Assert.Equal([c, b, a, low], rig.Told);
    }

    [Fact]
    public void Leave_NewestFirstUnderOverload_InABurst_ServesTheOldest()
    {
        var rig = new GateRig(1, Queue(order: ProcessingOrder.NewestFirstUnderOverload));
        rig.Fill();
        for (int burst = 0; burst < 5; burst++)
        {
            // Each burst is served before the next.
            TestWaiter a = rig.Wait();
            TestWaiter b = rig.Wait();
            TestWaiter c = rig.Wait();
            rig.Advance(0.09);
            rig.Leave(times: 3);

            Assert.Equal([a, b, c], rig.Told.TakeLast(3));
        }
    }

    [Fact]
    public void Leave_NewestFirstUnderOverload_JudgesEachPriorityByItself()
    {
        var rig = new GateRig(1, Queue(order: ProcessingOrder.NewestFirstUnderOverload));
        rig.Fill();
        TestWaiter low = rig.Wait(Priority.Low);
        rig.Advance(1);
        TestWaiter low2 = rig.Wait(Priority.Low);
        TestWaiter critical = rig.Wait(Priority.Critical);
        TestWaiter critical2 = rig.Wait(Priority.Critical);

        rig.Leave(times: 4);

        Assert.Equal([critical, critical2, low2, low], rig.Told);
    }

    [Fact]
    public void TryEnter_WhileSomebodyWaits_NeverOvertakesIt()
    {
        var rig = new GateRig(4);
        rig.Gate.TryEnter(3);
        TestWaiter heavy = rig.Wait(cost: 3);

        // One unit is free, and one that needs only that must not pass: the heavy one would never get its three.
        Assert.False(rig.Gate.TryEnter(1));
        TestWaiter light = rig.Wait();
        rig.Leave(3);

        Admitted(heavy, light);
        Assert.Equal([heavy, light], rig.Told);
    }

    [Fact]
    public void HeavyRequest_UnderSteadyLightLoad_IsServedWhenItsTurnComes()
    {
        var rig = new GateRig(4);
        rig.Fill();
        TestWaiter heavy = rig.Wait(cost: 4);
        for (int i = 0; i < 20; i++)
        {
            rig.Wait();
        }

        rig.Leave(times: 3);
        Waiting(heavy);
        Assert.Empty(rig.Told);
        rig.Leave();

        Admitted(heavy);
        Assert.Equal(4, rig.Gate.InFlight);
        rig.Leave(4);
        Assert.Equal(5, rig.Told.Count);
    }

    [Fact]
    public void Cost_AboveTheLimit_PassesAloneAndOnlyThen()
    {
        var rig = new GateRig(4);
        rig.Gate.TryEnter(1);
        TestWaiter huge = rig.Wait(cost: 10);
        Waiting(huge);

        rig.Leave();

        Admitted(huge);
        Assert.Equal(10, rig.Gate.InFlight);
        Assert.False(rig.Gate.TryEnter(1));
        TestWaiter next = rig.Wait();
        rig.Leave(10);
        Admitted(next);
        Assert.Equal(1, rig.Gate.InFlight);
    }

    [Fact]
    public void Cancel_OfAHeavyHead_LetsTheLightOnesBehindItIn()
    {
        var rig = new GateRig(4);
        rig.Gate.TryEnter(2);
        TestWaiter heavy = rig.Wait(cost: 4);
        TestWaiter light = rig.Wait();

        Assert.True(rig.Cancel(heavy));

        Refused(RejectionReason.ClientAborted, heavy);
        Assert.Equal(0, heavy.Refusal.RetryAfterSeconds);
        Admitted(light);
        Assert.False(rig.Cancel(heavy));
        Assert.False(rig.Cancel(light));
        Assert.Equal(3, rig.Gate.InFlight);
    }

    [Fact]
    public void SetLimit_Raised_LetsAsManyInAsFit()
    {
        var rig = new GateRig(2);
        rig.Fill();
        TestWaiter[] waiters = [rig.Wait(), rig.Wait(), rig.Wait()];

        rig.SetLimit(4);

        Admitted(waiters[..2]);
        Waiting(waiters[2]);
        Assert.Equal((4, 4), (rig.Gate.Limit, rig.Gate.InFlight));
    }

    [Fact]
    public void SetLimit_Cut_NeverAdmitsAtOrAboveIt()
    {
        var rig = new GateRig(8);
        rig.Fill();
        TestWaiter waiter = rig.Wait();

        rig.SetLimit(3);
        for (int inFlight = 7; inFlight >= 3; inFlight--)
        {
            rig.Leave();
            Assert.Equal(inFlight, rig.Gate.InFlight);
            Waiting(waiter);
            Assert.False(rig.Gate.TryEnter(1));
        }

        rig.Leave();
        Admitted(waiter);
        Assert.Equal(3, rig.Gate.InFlight);
    }

    [Fact]
    public void Reconfigure_ToLessThanWait_TurnsNobodyAwayAndHoldsForTheNext()
    {
        var rig = new GateRig(1, Queue(capacity: 10, block: 10));
        rig.Fill();
        TestWaiter[] waiters = [.. Enumerable.Range(0, 5).Select(_ => rig.Wait()), .. Enumerable.Range(0, 5).Select(_ => rig.Wait(overflow: Overflow.Block))];

        rig.Gate.Reconfigure(Queue(capacity: 2, block: 2));

        Waiting(waiters);
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask()).Reason);
        Assert.Equal(RejectionReason.BlockCapacityReached, rig.Refused(rig.Ask(overflow: Overflow.Block)).Reason);
        rig.Leave(times: 10);
        Admitted(waiters);
    }

    [Fact]
    public void Close_RefusesThoseThatMayBeShedAndServesThoseThatBlock()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter shed = rig.Wait(Priority.Critical);
        TestWaiter block = rig.Wait(Priority.Low, Overflow.Block);

        rig.Close();

        Refused(RejectionReason.ShuttingDown, shed);
        Waiting(block);
        Assert.Equal(RejectionReason.ShuttingDown, rig.Refused(rig.Ask(overflow: Overflow.Block)).Reason);
        rig.Leave();
        Admitted(block);
    }

    [Fact]
    public void Abandon_RefusesEverybody()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter shed = rig.Wait();
        TestWaiter block = rig.Wait(overflow: Overflow.Block);

        DecidedWaiters decided = default;
        rig.Gate.Abandon(rig.Now, ref decided);
        decided.Tell();

        Refused(RejectionReason.ShuttingDown, shed, block);
        Assert.Equal((0, false), (rig.Gate.Waiting, rig.Gate.HasWaiters));
    }

    [Fact]
    public void Release_LetsThroughThoseItConcernsWithoutUnits()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter off = rig.Wait(policy: "off");
        TestWaiter on = rig.Wait(policy: "on");
        TestWaiter offBlock = rig.Wait(overflow: Overflow.Block, policy: "off");

        rig.Release(w => w.Arrival.Policy == "off");

        Assert.All([off, offBlock], w => Assert.Equal((WaiterState.Released, 1), (w.State, w.Told)));
        Waiting(on);
        Assert.Equal(1, rig.Gate.InFlight);
        rig.Leave();
        Admitted(on);
    }

    [Fact]
    public void Release_OfTheHeavyHead_LetsInThoseBehindIt()
    {
        var rig = new GateRig(2);
        rig.Gate.TryEnter(1);
        TestWaiter heavy = rig.Wait(cost: 2, policy: "off");
        TestWaiter light = rig.Wait(policy: "on");

        rig.Release(w => w.Arrival.Policy == "off");

        Assert.Equal(WaiterState.Released, heavy.State);
        Admitted(light);
    }

    [Fact]
    public void Enter_InAShadow_CountsAboveTheLimit()
    {
        var rig = new GateRig(1);
        rig.Gate.Enter(5);

        Assert.Equal(5, rig.Gate.InFlight);
        Assert.False(rig.Gate.TryEnter(1));
        rig.Leave(5);
        Assert.True(rig.Gate.TryEnter(1));
    }

    [Fact]
    public void Counts_TellWhatHappened()
    {
        var rig = new GateRig(1, Queue(capacity: 2));
        rig.Fill();
        TestWaiter low = rig.Wait(Priority.Low);
        rig.Wait();
        rig.Wait(Priority.Critical);
        Refused(RejectionReason.Evicted, low);
        rig.Refused(rig.Ask(overflow: Overflow.Reject));
        rig.Leave();

        Assert.Equal(
            new GateCounts(Limit: 1, InFlight: 1, Waiting: 1, FullArrivals: 4, Refused: 2, AdmittedLate: 1, new PriorityCounts(Critical: 1, High: 0, Normal: 2, Low: 1), MayWaitAt: rig.Now),
            rig.Gate.Counts);
    }
}
