using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

/// <summary>What a gate tells those who decide in its place, and notes of those it decided about.</summary>
public sealed class GateSignsTests
{
    [Fact]
    public void HandedOverAt_IsTheLatestThatWasNoted()
    {
        var rig = new GateRig(1);
        rig.Gate.NoteTime(rig.Now + 5);
        Assert.Equal(rig.Now + 5, rig.Gate.HandedOverAt);

        rig.Gate.NoteTime(rig.Now + 3);
        Assert.Equal(rig.Now + 5, rig.Gate.HandedOverAt);
    }

    [Fact]
    public void HandedOverAt_OfAGateThatNobodyHasLeft_IsWhenItWasBuilt() => Assert.Equal(new GateRig(1).Now, new GateRig(1).Gate.HandedOverAt);

    [Fact]
    public void HandedOverAt_IsWhenUnitsPassedOn()
    {
        var rig = new GateRig(1);
        rig.Fill();
        rig.Wait();
        rig.Advance(2);

        rig.Leave();

        Assert.Equal(rig.Now, rig.Gate.HandedOverAt);
    }

    [Fact]
    public void BookAll_KeepsTheSlotsOfAllThatWereTurnedAway()
    {
        var rig = new GateRig(1, Queue(capacity: 0));
        rig.Drain(10);

        double first = rig.Gate.BookAll(Priority.Normal, 200, rig.Now);

        // Ten a second: the next comes twenty seconds later, and a little is added so that they do not come together.
        Assert.InRange(first, 0.05, 0.2);
        Assert.InRange(rig.Refused(rig.Ask()).RetryAfterSeconds, 20, 23);
    }

    [Fact]
    public void Refuse_BooksAReturn()
    {
        var rig = new GateRig(1);
        rig.Drain(10);

        Refusal first = rig.Gate.Refuse(RejectionReason.HostCeilingReached, Priority.Normal, rig.Now);
        Refusal last = first;
        for (int i = 0; i < 100; i++)
        {
            last = rig.Gate.Refuse(RejectionReason.HostCeilingReached, Priority.Normal, rig.Now);
        }

        Assert.Equal((RejectionReason.HostCeilingReached, RejectionReason.HostCeilingReached), (first.Reason, last.Reason));
        Assert.True(first.RetryAfterSeconds >= 1 && last.RetryAfterSeconds > first.RetryAfterSeconds + 5);
    }

    [Fact]
    public void Arrival_ThatFindsTheGateFree_HasNotMetItFull()
    {
        var rig = new GateRig(1);
        Assert.Equal(ArrivalResult.Admitted, rig.Arrive(rig.Ask(), out _, out _));
        Assert.Equal(0, rig.Gate.Counts.FullArrivals);

        rig.Wait();
        Assert.Equal(1, rig.Gate.Counts.FullArrivals);
    }

    [Fact]
    public void OnlyThoseWhoMayWait_AreNotedAsSuch()
    {
        var rig = new GateRig(1);
        rig.Fill();
        rig.Refused(rig.Ask(overflow: Overflow.Reject));
        Assert.Equal(long.MinValue, rig.Gate.Counts.MayWaitAt);

        rig.Wait();
        Assert.Equal(rig.Now, rig.Gate.Counts.MayWaitAt);
    }

    [Fact]
    public void WorkThatTookLong_IsChargedAlsoWhereNobodyWaitsWhenItEnds()
    {
        var rig = new GateRig(1);
        rig.Fill();
        TestWaiter heavy = Ask(1);
        rig.Leave();
        Admitted(heavy);

        // Not for so long that all would be forgotten.
        rig.Advance(0.5);
        DecidedWaiters decided = default;
        rig.Gate.Leave(1, ServiceCharge.Of(heavy, rig.Ticks(0.5), 1), rig.Now, ref decided);
        rig.Fill();
        TestWaiter again = Ask(1);
        TestWaiter other = Ask(2);
        rig.Leave();

        Admitted(other);
        Waiting(again);

        TestWaiter Ask(ulong partition)
        {
            Assert.Equal(ArrivalResult.Queued, rig.Arrive(rig.Ask() with { Partition = partition * 0x9E3779B97F4A7C15 }, out TestWaiter? queued, out _));
            return queued!;
        }
    }
}
