using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

public sealed class WaitQueueTests
{
    [Fact]
    public void FullQueue_EvictsTheNewestOfTheLowestPriorityBelow()
    {
        var rig = new GateRig(1, Queue(capacity: 4));
        rig.Fill();
        TestWaiter normal = rig.Wait();
        TestWaiter low1 = rig.Wait(Priority.Low);
        TestWaiter low2 = rig.Wait(Priority.Low);
        TestWaiter normal2 = rig.Wait();

        TestWaiter critical = rig.Wait(Priority.Critical);

        Refused(RejectionReason.Evicted, low2);
        Waiting(normal, low1, normal2, critical);
        Assert.InRange(low2.Refusal.RetryAfterSeconds, 1, 30);
        TestWaiter high = rig.Wait(Priority.High);
        Refused(RejectionReason.Evicted, low1);
        TestWaiter high2 = rig.Wait(Priority.High);
        Refused(RejectionReason.Evicted, normal2);
        Waiting(normal, critical, high, high2);
    }

    [Fact]
    public void FullQueue_NewestFirstOnceItStands_EvictsTheOldest()
    {
        var rig = new GateRig(1, Queue(capacity: 2, order: ProcessingOrder.NewestFirstUnderOverload));
        rig.Fill();
        TestWaiter old = rig.Wait(Priority.Low);
        TestWaiter young = rig.Wait(Priority.Low);
        rig.Advance(0.11);

        rig.Wait(Priority.Normal);

        Refused(RejectionReason.Evicted, old);
        Waiting(young);
    }

    [Theory]
    [InlineData(Priority.Critical)]
    [InlineData(Priority.High)]
    [InlineData(Priority.Normal)]
    [InlineData(Priority.Low)]
    public void FullQueue_NeverEvictsItsEqual(Priority priority)
    {
        var rig = new GateRig(1, Queue(capacity: 1));
        rig.Fill();
        TestWaiter first = rig.Wait(priority);

        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(priority)).Reason);
        Waiting(first);
    }

    [Fact]
    public void FullQueue_NeverEvictsThoseThatBlock()
    {
        var rig = new GateRig(1, Queue(capacity: 1));
        rig.Fill();
        TestWaiter[] blocked = [rig.Wait(Priority.Low, Overflow.Block), rig.Wait(Priority.Low, Overflow.Block)];
        TestWaiter shed = rig.Wait(Priority.Normal);

        rig.Wait(Priority.Critical);

        Refused(RejectionReason.Evicted, shed);
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
        Waiting(blocked);
    }

    [Fact]
    public void BlockCapacity_IsItsOwn()
    {
        var rig = new GateRig(1, Queue(capacity: 1, block: 2));
        rig.Fill();
        rig.Wait(overflow: Overflow.Block);
        rig.Wait();
        rig.Wait(overflow: Overflow.Block);

        Refusal refusal = rig.Refused(rig.Ask(Priority.Critical, Overflow.Block));

        Assert.Equal(RejectionReason.BlockCapacityReached, refusal.Reason);
        Assert.InRange(refusal.RetryAfterSeconds, 1, 30);
    }

    [Fact]
    public void Capacity_WhenNotConfigured_FollowsTheNominalLimitAndIsAtLeast16()
    {
        var rig = new GateRig(1, Queue(capacity: null));
        rig.Fill();
        for (int i = 0; i < 16; i++)
        {
            rig.Wait();
        }

        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask()).Reason);
        rig.SetLimit(1, nominal: 10);
        for (int i = 0; i < 4; i++)
        {
            rig.Wait();
        }

        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask()).Reason);
    }

    [Fact]
    public void Capacity_Zero_LetsNobodyWaitButThoseThatBlock()
    {
        var rig = new GateRig(1, Queue(capacity: 0));
        rig.Fill();

        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
        Waiting(rig.Wait(overflow: Overflow.Block));
    }

    [Theory]
    [InlineData(0.05, 850, 50)]
    [InlineData(0.2, 400, 200)]
    [InlineData(0.01, 970, 10)]
    [InlineData(0, 1000, 0)]
    public void MinShare_WithAllLanesBacklogged_ServesEachExactlyItsShare(double share, int top, int lower)
    {
        var rig = new GateRig(1, Queue(capacity: 10_000, minShare: share));
        rig.Fill();
        for (int i = 0; i < 1001; i++)
        {
            foreach (Priority priority in Enum.GetValues<Priority>())
            {
                rig.Wait(priority);
            }
        }

        rig.Leave(times: 1000);

        int[] served = [.. Enum.GetValues<Priority>().Select(p => rig.Told.Count(w => w.Arrival.Priority == p))];
        Assert.Equal(1000, served.Sum());
        Assert.InRange(served[0], top - 3, top + 3);
        Assert.All(served[1..], s => Assert.InRange(s, lower - 1, lower + 1));
    }

    [Fact]
    public void MinShare_OfALaneThatIsEmpty_CostsTheHigherOnesNothingAndIsNotSavedUp()
    {
        var rig = new GateRig(1, Queue(capacity: 10_000, minShare: 0.2));
        rig.Fill();
        for (int i = 0; i < 200; i++)
        {
            rig.Wait(Priority.Critical);
        }

        rig.Leave(times: 100);
        for (int i = 0; i < 10; i++)
        {
            rig.Wait(Priority.Low);
        }

        rig.Leave(times: 10);

        Assert.InRange(rig.Told.Count(w => w.Arrival.Priority == Priority.Low), 1, 2);
    }

    [Fact]
    public void MinShare_ReservesPlacesForThoseThatCameLately()
    {
        var rig = new GateRig(1, Queue(capacity: 20, minShare: 0.1));
        rig.Fill();
        TestWaiter low = rig.Wait(Priority.Low);
        for (int i = 0; i < 18; i++)
        {
            rig.Wait(Priority.Critical);
        }

        // Two places are the low ones' own: one is taken, one is kept, and neither can be had.
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
        TestWaiter low2 = rig.Wait(Priority.Low);
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
        Waiting(low, low2);
    }

    [Fact]
    public void MinShare_OfThoseThatNoLongerCome_IsGivenUpAfterTenSeconds()
    {
        var rig = new GateRig(1, Queue(capacity: 20, minShare: 0.1));
        rig.Fill();
        Assert.True(rig.Cancel(rig.Wait(Priority.Low)));
        rig.Advance(9.9);
        for (int i = 0; i < 18; i++)
        {
            rig.Wait(Priority.Critical);
        }

        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
        rig.Advance(0.2);

        rig.Wait(Priority.Critical);
        rig.Wait(Priority.Critical);
        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void MinShare_InASmallQueue_LeavesPlacesForTheHighest(int capacity)
    {
        var rig = new GateRig(1, Queue(capacity, minShare: 0.2));
        rig.Fill();
        foreach (Priority priority in Enum.GetValues<Priority>().Reverse())
        {
            Assert.True(rig.Cancel(rig.Wait(priority)));
        }

        for (int i = 0; i < capacity; i++)
        {
            rig.Wait(Priority.Low);
        }

        TestWaiter critical = rig.Wait(Priority.Critical);

        Waiting(critical);
        Assert.Equal(capacity, rig.Gate.Waiting);
    }

    [Theory]
    [InlineData(Overflow.Block)]
    [InlineData(Overflow.Reject)]
    public void MinShare_KeepsNoPlacesForThoseThatUseNone(Overflow overflow)
    {
        var rig = new GateRig(1, Queue(capacity: 20, minShare: 0.1));
        rig.Fill();
        rig.Arrive(rig.Ask(Priority.Low, overflow), out _, out _);

        for (int i = 0; i < 20; i++)
        {
            rig.Wait(Priority.Critical);
        }

        Assert.Equal(RejectionReason.QueueFull, rig.Refused(rig.Ask(Priority.Critical)).Reason);
    }
}
