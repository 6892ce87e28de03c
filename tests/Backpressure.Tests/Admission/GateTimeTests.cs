using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

/// <summary>What a gate does by the clock, at more than one resolution, so that ticks are not taken for a unit.</summary>
public sealed class GateTimeTests
{
    public static TheoryData<long> Resolutions => [1_000, 10_000_000, 1_000_000_000];

    [Theory]
    [MemberData(nameof(Resolutions))]
    public void Expire_RefusesEachAtItsOwnMaxWait(long resolution)
    {
        var rig = new GateRig(1, ticksPerSecond: resolution);
        rig.Fill();
        TestWaiter brief = rig.Wait(maxWait: 0.1);
        TestWaiter longer = rig.Wait(maxWait: 3);
        TestWaiter blocked = rig.Wait(overflow: Overflow.Block, maxWait: 30);

        rig.Advance(0.099);
        rig.Expire();
        Waiting(brief, longer, blocked);
        rig.Advance(0.001);
        rig.Expire();
        Refused(RejectionReason.MaxWaitElapsed, brief);
        Waiting(longer, blocked);
        rig.Advance(2.9);
        rig.Expire();
        Refused(RejectionReason.MaxWaitElapsed, longer);
        rig.Advance(26.9);
        rig.Expire();
        Waiting(blocked);
        rig.Advance(0.1);
        rig.Expire();
        Refused(RejectionReason.MaxWaitElapsed, blocked);
        Assert.False(rig.Gate.HasWaiters);
    }

    [Fact]
    public void HandOver_OfOneWhoseTimeIsOver_RefusesItEvenBeforeTheSweep()
    {
        (GateRig rig, TestWaiter late, TestWaiter next) = OneWhoseTimeIsOverAndAnother();

        rig.Leave();

        Refused(RejectionReason.MaxWaitElapsed, late);
        Admitted(next);
    }

    [Fact]
    public void PassingOn_ToOneWhoseTimeIsOver_RefusesItAndServesTheNext()
    {
        (GateRig rig, TestWaiter late, TestWaiter next) = OneWhoseTimeIsOverAndAnother();

        DecidedWaiters decided = default;
        Assert.Equal(1, rig.Gate.Leave(1, ServiceCharge.None, rig.Now, ref decided));
        decided.Tell();

        Refused(RejectionReason.MaxWaitElapsed, late);
        Admitted(next);
        Assert.Equal(1, rig.Gate.InFlight);
    }

    [Theory]
    [MemberData(nameof(Resolutions))]
    public void Deadline_PassedInTheQueue_IsItsOwnReason(long resolution)
    {
        var rig = new GateRig(1, ticksPerSecond: resolution);
        rig.Fill();
        TestWaiter waiter = rig.Wait(maxWait: 5, deadline: 1);

        rig.Advance(1);
        rig.Expire();

        Refused(RejectionReason.DeadlineExceeded, waiter);
    }

    [Theory]
    [InlineData(Overflow.Shed)]
    [InlineData(Overflow.Block)]
    public void Deadline_ThatLeavesNoTimeToServe_IsRefusedAtItsTurn(Overflow overflow)
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter waiter = rig.Wait(overflow: overflow, maxWait: 5, deadline: 1, usual: 0.3);
        TestWaiter next = rig.Wait(maxWait: 5);
        rig.Advance(0.71);

        rig.Leave();

        Refused(RejectionReason.DeadlineExceeded, waiter);
        Admitted(next);
    }

    [Fact]
    public void Deadline_WithTimeLeftToServe_IsServed()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter waiter = rig.Wait(maxWait: 5, deadline: 1, usual: 0.3);
        rig.Advance(0.69);

        rig.Leave();

        Admitted(waiter);
    }

    [Theory]
    [InlineData(Overflow.Reject)]
    [InlineData(Overflow.Shed)]
    [InlineData(Overflow.Block)]
    public void Deadline_PassedOnArrival_IsRefused(Overflow overflow)
    {
        var rig = new GateRig(1);
        rig.Fill();

        Assert.Equal(RejectionReason.DeadlineExceeded, rig.Refused(rig.Ask(overflow: overflow, deadline: 0)).Reason);
    }

    [Theory]
    [MemberData(nameof(Resolutions))]
    public void Arrive_WithMoreAheadThanItsMaxWait_IsRefusedAtOnce(long resolution)
    {
        var rig = new GateRig(8, Queue(capacity: 10_000), resolution);
        rig.Drain(perSecond: 100);
        for (int i = 0; i < 50; i++)
        {
            rig.Wait();
        }

        // 50 ahead and itself at 100 a second: just over half a second.
        Assert.Equal(RejectionReason.WaitTooLong, rig.Refused(rig.Ask(maxWait: 0.4)).Reason);
        Waiting(rig.Wait(maxWait: 0.6));
        Waiting(rig.Wait(Priority.Critical, maxWait: 0.1));
        Waiting(rig.Wait(overflow: Overflow.Block, maxWait: 0.1));
    }

    [Fact]
    public void Arrive_WithADeadlineThatTheWaitAheadUsesUp_IsRefusedForTheDeadline()
    {
        var rig = new GateRig(8, Queue(capacity: 10_000));
        rig.Drain(perSecond: 100);
        for (int i = 0; i < 50; i++)
        {
            rig.Wait();
        }

        Assert.Equal(RejectionReason.DeadlineExceeded, rig.Refused(rig.Ask(maxWait: 5, deadline: 0.4)).Reason);
        Assert.Equal(RejectionReason.DeadlineExceeded, rig.Refused(rig.Ask(maxWait: 5, deadline: 0.9, usual: 0.5)).Reason);
        Waiting(rig.Wait(maxWait: 5, deadline: 0.9, usual: 0.2));
    }

    // The rate is that of a stall which is over, and as long as all are refused nobody finds out.
    [Fact]
    public void Arrive_WithNobodyBeforeIt_WaitsHoweverSlowTheDrainWas()
    {
        var rig = new GateRig(8, Queue());
        rig.Drain(perSecond: 1, seconds: 60);

        Waiting(rig.Wait(Priority.Normal, maxWait: 0.5));
        Assert.Equal(RejectionReason.WaitTooLong, rig.Refused(rig.Ask(Priority.Normal, maxWait: 0.5)).Reason);
        Assert.Equal(RejectionReason.WaitTooLong, rig.Refused(rig.Ask(Priority.Low, maxWait: 0.5)).Reason);
        Waiting(rig.Wait(Priority.High, maxWait: 0.5));

        // What could not be in time if it started now need not wait to be told so.
        Assert.Equal(RejectionReason.DeadlineExceeded, rig.Refused(rig.Ask(Priority.Critical, deadline: 0.3, usual: 0.31)).Reason);
        Waiting(rig.Wait(Priority.Critical, deadline: 0.3, usual: 0.3));
    }

    // Each takes a minute and comes back as told: too seldom for a rate, which takes eight in one full stretch.
    [Fact]
    public void RetryAfter_WhereNoRateIsKnown_GoesByWhatTheRouteTakes()
    {
        var rig = new GateRig(4, Queue());
        rig.Fill();

        Assert.InRange(rig.Refused(rig.Ask(overflow: Overflow.Reject)).RetryAfterSeconds, 1, 2);
        rig.Refused(rig.Ask(overflow: Overflow.Reject, usual: 40));
        int[] told = [.. Enumerable.Range(0, 3).Select(_ => rig.Refused(rig.Ask(overflow: Overflow.Reject)).RetryAfterSeconds)];

        // A slot comes free every ten seconds, and each books one; from 30 s on they are spread over the later half.
        Assert.InRange(told[0], 10, 12);
        Assert.InRange(told[1], 15, 30);
        Assert.InRange(told[2], 15, 30);
    }

    // Its clock was read before a sweep, and so is that of whoever sweeps next.
    [Fact]
    public void Expire_WithAnOlderClock_LeavesNobodyInTheWheelWhoIsTold()
    {
        var rig = new GateRig(1, Queue());
        rig.Fill();
        TestWaiter late = rig.Wait(maxWait: 1);
        rig.Advance(0.5);
        rig.Expire();
        rig.Advance(-0.1);
        TestWaiter soon = rig.Wait(maxWait: 0.05);
        Assert.NotEqual(Waiter.NoSlot, soon.WheelSlot);
        Assert.True(rig.Cancel(late));
        rig.Advance(0.06);
        rig.Expire();

        Refused(RejectionReason.MaxWaitElapsed, soon);
        Assert.Equal(Waiter.NoSlot, soon.WheelSlot);
    }

    [Fact]
    public void Arrive_OfALowPriority_ReliesOnItsShareOfTheDrain()
    {
        var rig = new GateRig(8, Queue(capacity: 10_000, minShare: 0.1));
        rig.Drain(perSecond: 100);
        for (int i = 0; i < 500; i++)
        {
            rig.Wait(Priority.Critical);
        }

        // Five seconds of critical ones stand before it, but every tenth service is its own.
        Waiting(rig.Wait(Priority.Low, maxWait: 0.5));
        Assert.Equal(RejectionReason.WaitTooLong, rig.Refused(rig.Ask(Priority.Low, maxWait: 0.1)).Reason);
    }

    [Fact]
    public void Arrive_NewestFirstUnderOverload_CountsOnlyThoseAboveIt()
    {
        var rig = new GateRig(8, Queue(capacity: 10_000, minShare: 0.1, order: ProcessingOrder.NewestFirstUnderOverload));
        rig.Drain(perSecond: 100);
        for (int i = 0; i < 100; i++)
        {
            rig.Wait(Priority.Low);
        }

        // Until the queue stands, the oldest go first.
        Assert.Equal(RejectionReason.WaitTooLong, rig.Refused(rig.Ask(Priority.Low, maxWait: 0.1)).Reason);
        rig.Advance(0.11);

        Waiting(rig.Wait(Priority.Low, maxWait: 0.1));
        for (int i = 0; i < 100; i++)
        {
            rig.Wait(Priority.Critical);
        }

        Waiting(rig.Wait(Priority.Low, maxWait: 0.2));
    }

    [Fact]
    public void Feasibility_InALearningDip_GoesByTheNominalLimit()
    {
        var rig = new GateRig(8, Queue(capacity: null));
        rig.Drain(perSecond: 100);
        Arrival asks = rig.Ask(maxWait: 0.12);
        for (int i = 0; i < 10; i++)
        {
            rig.Wait(maxWait: 5);
        }

        rig.SetLimit(2, nominal: 8);
        Assert.Equal(ArrivalResult.Queued, rig.Arrive(asks, out TestWaiter? inDip, out _));

        // While the dip lasts, it drains at a quarter; half a second of that is not what the downstream can do.
        rig.Cancel(inDip!);
        for (int i = 0; i < 12; i++)
        {
            rig.Advance(0.04);
            rig.Gate.TryEnter(1);
            rig.Leave();
            rig.Expire();
        }

        Assert.Equal(ArrivalResult.Queued, rig.Arrive(rig.Ask(maxWait: 0.12), out _, out _));
    }

    private static (GateRig Rig, TestWaiter Late, TestWaiter Next) OneWhoseTimeIsOverAndAnother()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter late = rig.Wait(maxWait: 0.1);
        TestWaiter next = rig.Wait(maxWait: 5);
        rig.Advance(0.1);
        return (rig, late, next);
    }
}
