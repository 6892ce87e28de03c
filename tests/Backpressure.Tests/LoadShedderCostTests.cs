using Backpressure.Downstreams;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>A request that takes more than one unit, or turns out to.</summary>
public sealed class LoadShedderCostTests
{
    [Fact]
    public void CorrectCost_Upwards_TakesUnitsAtOnceAndAboveTheLimitIfNeedBe()
    {
        using var rig = new ShedderRig(Fixed(4, Overflow.Reject));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease lease = rig.Admitted(any);

        lease.CorrectCost(3);
        Assert.Equal((3, 3), (lease.Cost, GateOf(any).InFlight));
        AdmissionLease beside = rig.Admitted(any);
        Assert.Equal(RejectionReason.LimitReached, rig.Ask(any).Reason);
        lease.CorrectCost(50);
        Assert.Equal(51, GateOf(any).InFlight);

        lease.Complete(Outcome.Success);
        beside.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public async Task CorrectCost_Downwards_LetsThoseInWhoWait()
    {
        using var rig = new ShedderRig(Fixed(4, change: o => o.Policies["Default"].Cost = 4));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease heavy = rig.Admitted(any);
        Task<AdmissionLease> waiting = rig.Wait(new AdmissionRequest(any) { Cost = 2 });

        heavy.CorrectCost(3);
        Assert.False(waiting.IsCompleted);
        heavy.CorrectCost(2);
        AdmissionLease late = await Answer(waiting);

        Assert.True(late.IsAdmitted);
        Assert.Equal(4, GateOf(any).InFlight);
        heavy.Complete(Outcome.Success);
        late.Complete(Outcome.Success);
        Assert.Equal((0, false), (GateOf(any).InFlight, GateOf(any).HasWaiters));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-5, 1)]
    [InlineData(int.MinValue, 1)]
    [InlineData(int.MaxValue, 1000)]
    public void CorrectCost_BeyondItsRange_IsTakenAsTheNearestBound(int cost, int expected)
    {
        using var rig = new ShedderRig(Fixed(2000, change: o => o.Policies["Default"].Cost = 2));
        AdmissionLease lease = rig.Admitted(rig.Shedder.ClassOf("any"));

        lease.CorrectCost(cost);

        Assert.Equal(expected, lease.Cost);
        lease.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(lease.Class.Owner.ClassOf("any")).InFlight);
    }

    [Fact]
    public void CorrectCost_OfWhatHoldsNoSlot_DoesNothing()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease done = rig.Admitted(any);
        done.Complete(Outcome.Success);
        AdmissionLease exempt = rig.Ask(rig.Shedder.ClassOf("probe", exempt: true));
        AdmissionLease runs = rig.Admitted(any);
        AdmissionLease rejected = rig.Ask(any);
        AdmissionLease empty = default;

        done.CorrectCost(5);
        exempt.CorrectCost(5);
        rejected.CorrectCost(5);
        empty.CorrectCost(5);

        Assert.Equal(1, GateOf(any).InFlight);
        runs.Complete(Outcome.Success);
        exempt.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void CorrectCost_BeyondWhatCanBeCounted_LeavesItAsItWas()
    {
        using var rig = new ShedderRig(Fixed(2000));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease[] leases = rig.Fill(any, 1200);

        for (int i = 0; i < leases.Length; i++)
        {
            leases[i].CorrectCost(1000);
        }

        Assert.InRange(GateOf(any).InFlight, 1_040_000, (1 << 20) - 1);
        Assert.Equal(2000, GateOf(any).Limit);
        for (int i = 0; i < leases.Length; i++)
        {
            leases[i].Complete(Outcome.Success);
        }

        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void CorrectCost_UnderObservation_MovesTheShadowsUnits()
    {
        using var rig = new ShedderRig(Fixed(4, change: o => o.Policies["Trial"] = new PolicyOptions { Mode = BackpressureMode.Observe }));
        RequestClass enforced = rig.Shedder.ClassOf("enforced");
        RequestClass trial = rig.Shedder.ClassOf("trial", "Trial");
        AdmissionLease mirrored = rig.Admitted(enforced);
        AdmissionLease observed = rig.Ask(trial);
        Downstream shadow = DownstreamOf(trial).Shadow!;

        mirrored.CorrectCost(3);
        observed.CorrectCost(2);
        AdmissionLease waitsInShadow = rig.Ask(trial);
        Assert.Equal((5, 1), (shadow.Gate.InFlight, shadow.Gate.Waiting));
        waitsInShadow.CorrectCost(7);
        mirrored.CorrectCost(1);

        Assert.Equal((4, 0), (shadow.Gate.InFlight, shadow.Gate.Waiting));
        Assert.Equal(1, GateOf(enforced).InFlight);
        mirrored.Complete(Outcome.Success);
        observed.Complete(Outcome.Success);
        waitsInShadow.Complete(Outcome.Success);
        Assert.Equal((0, 0), (shadow.Gate.InFlight, GateOf(enforced).InFlight));
    }

    [Theory]
    [InlineData(1, 500)]
    [InlineData(10, 50)]
    public async Task Partition_PaysForServiceTimeTimesTheCorrectedCost(int cost, int milliseconds)
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Policies["Default"].MaxWait = TimeSpan.FromMinutes(1)));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease first = rig.Admitted(any);
        var slow = new AdmissionRequest(any) { Partition = "slow" };
        var quick = new AdmissionRequest(any) { Partition = "quick" };
        Task<AdmissionLease>[] waiting = [rig.Wait(slow), rig.Wait(slow), .. Enumerable.Range(0, 9).Select(_ => rig.Wait(quick))];
        first.Complete(Outcome.Success);

        AdmissionLease lease = await Answer(waiting[0]);
        lease.CorrectCost(cost);
        rig.Time.Pass(milliseconds);
        lease.Complete(Outcome.Success);

        // The quick ones take 50 ms each: nine of them are less than what the slow one has had.
        for (int i = 2; i < waiting.Length; i++)
        {
            AdmissionLease next = await Answer(waiting[i]);
            Assert.True(next.IsAdmitted);
            rig.Time.Pass(50);
            next.Complete(Outcome.Success);
        }

        AdmissionLease last = await Answer(waiting[1]);
        last.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }
}
