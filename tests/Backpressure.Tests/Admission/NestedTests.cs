using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

/// <summary>Requests that others wait for already rank just above their own kind.</summary>
public sealed class NestedTests
{
    [Fact]
    public void Nested_GoesBeforeItsOwnPriority_OldestFirst_AndAfterHigherOnes()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter plain = rig.Wait();
        TestWaiter nested1 = Wait(rig);
        TestWaiter nested2 = Wait(rig);
        TestWaiter high = rig.Wait(Priority.High);
        TestWaiter low = Wait(rig, Priority.Low);

        rig.Leave(times: 5);

        Assert.Equal([high, nested1, nested2, plain, low], rig.Told);
    }

    [Theory]
    [InlineData(ProcessingOrder.OldestFirst)]
    [InlineData(ProcessingOrder.NewestFirstUnderOverload)]
    public void Nested_EvictsOneOfItsOwnPriority_AndIsTheLastToBeEvicted(ProcessingOrder order)
    {
        var rig = new GateRig(1, Queue(capacity: 2, order: order));
        rig.Fill();
        TestWaiter plain1 = rig.Wait();
        TestWaiter plain2 = rig.Wait();
        rig.Advance(0.2);

        TestWaiter nested1 = Wait(rig);
        TestWaiter nested2 = Wait(rig);

        Refused(RejectionReason.Evicted, plain1, plain2);
        Waiting(nested1, nested2);
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask() with { Nested = true }).Reason);
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask()).Reason);
        rig.Wait(Priority.High);
        Refused(RejectionReason.Evicted, nested2);
        Waiting(nested1);
    }

    [Fact]
    public void Nested_IsNotRefusedForAWaitThatIsNotAheadOfIt()
    {
        var rig = new GateRig(1, Queue(capacity: 1000));
        rig.Drain(perSecond: 10);
        for (int i = 0; i < 20; i++)
        {
            rig.Wait();
        }

        Assert.Equal(RejectionReason.WaitTooLong, rig.Refused(rig.Ask(maxWait: 1)).Reason);
        Waiting(Wait(rig, maxWait: 1));
    }

    [Fact]
    public void Nested_IsCancelledExpiredAndReleasedAsAnyOther()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter cancelled = Wait(rig);
        TestWaiter expired = Wait(rig, maxWait: 1);
        TestWaiter released = Wait(rig);

        Assert.True(rig.Cancel(cancelled));
        rig.Advance(1.1);
        rig.Expire();
        rig.Release(static _ => true);

        Refused(RejectionReason.ClientAborted, cancelled);
        Refused(RejectionReason.MaxWaitElapsed, expired);
        Assert.Equal(WaiterState.Released, released.State);
        Assert.False(rig.Gate.HasWaiters);
    }

    private static TestWaiter Wait(GateRig rig, Priority priority = Priority.Normal, double maxWait = 500)
    {
        Assert.Equal(ArrivalResult.Queued, rig.Arrive(rig.Ask(priority, maxWait: maxWait) with { Nested = true }, out TestWaiter? queued, out _));
        return queued!;
    }
}
