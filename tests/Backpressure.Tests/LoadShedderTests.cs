using Backpressure.Downstreams;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

public sealed class LoadShedderTests
{
    [Fact]
    public void AdmitAsync_OnAFreeGate_AdmitsAtOnceAndHoldsASlotUntilCompleted()
    {
        using var rig = new ShedderRig(Fixed(2));
        RequestClass any = rig.Shedder.ClassOf("any");

        AdmissionLease lease = rig.Admitted(any);

        Assert.True(lease.IsAdmitted);
        Assert.Equal((1, TimeSpan.Zero, TimeSpan.Zero), (GateOf(any).InFlight, lease.Wait, lease.RetryAfter));
        lease.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void Complete_Twice_GivesBackOneSlot()
    {
        using var rig = new ShedderRig(Fixed(2));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease[] leases = rig.Fill(any, 2);

        leases[0].Complete(Outcome.Success);
        leases[0].Complete(Outcome.Dropped);

        Assert.Equal(1, GateOf(any).InFlight);
        default(AdmissionLease).Complete(Outcome.Success);
    }

    [Fact]
    public void AdmitAsync_WhenFull_RejectsAtOnceWithARetryAfter()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);

        AdmissionLease lease = rig.Ask(any);

        Assert.False(lease.IsAdmitted);
        Assert.Equal(RejectionReason.LimitReached, lease.Reason);
        Assert.InRange(lease.RetryAfter.TotalSeconds, 1, 30);
        Assert.Equal(Math.Truncate(lease.RetryAfter.TotalSeconds), lease.RetryAfter.TotalSeconds);
        lease.Complete(Outcome.Success);
        Assert.Equal(1, GateOf(any).InFlight);
    }

    [Fact]
    public void AdmitAsync_ThatMustNotWait_IsRejectedByAFullGate()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);

        Assert.Equal(RejectionReason.LimitReached, rig.Ask(new AdmissionRequest(any) { NoWait = true }).Reason);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(5, 5)]
    [InlineData(-7, 1)]
    [InlineData(5000, 1000)]
    public void AdmitAsync_TakesItsCost(int cost, int units)
    {
        using var rig = new ShedderRig(Fixed(2000, change: o => o.Policies["Default"].Cost = 3));
        RequestClass any = rig.Shedder.ClassOf("any");

        AdmissionLease lease = rig.Ask(new AdmissionRequest(any) { Cost = cost });

        Assert.Equal(units, GateOf(any).InFlight);
        lease.Complete(Outcome.Ignored);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void BecomeLongLived_FreesTheSlotAndIsCappedApart()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Downstreams["Default"].MaxLongLived = 1));
        RequestClass any = rig.Shedder.ClassOf("any");

        AdmissionLease stream = rig.Admitted(any);
        Assert.True(stream.BecomeLongLived());
        Assert.False(stream.BecomeLongLived());
        Assert.Equal((0, 1), (GateOf(any).InFlight, DownstreamOf(any).LongLived));

        AdmissionLease second = rig.Admitted(any);
        Assert.False(second.BecomeLongLived());
        Assert.Equal((1, 1), (GateOf(any).InFlight, DownstreamOf(any).LongLived));

        stream.Complete(Outcome.Success);
        stream.Complete(Outcome.Success);
        Assert.Equal((1, 0), (GateOf(any).InFlight, DownstreamOf(any).LongLived));
        Assert.True(second.BecomeLongLived());
        second.Complete(Outcome.Success);
        Assert.Equal((0, 0), (GateOf(any).InFlight, DownstreamOf(any).LongLived));
        AdmissionLease none = default;
        Assert.False(none.BecomeLongLived());
    }

    [Theory]
    [InlineData(Outcome.Dropped, BackpressureMode.Enforce)]
    [InlineData(Outcome.Dropped, BackpressureMode.Observe)]
    [InlineData(Outcome.Ignored, BackpressureMode.Enforce)]
    [InlineData(Outcome.Success, BackpressureMode.Enforce)]
    public void Complete_OfALongLived_LowersTheLimitIfItWasDroppedAfterAll(Outcome outcome, BackpressureMode mode)
    {
        using var rig = new ShedderRig(Fixed(1, change: o =>
        {
            o.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 20, Min = 4 };
            o.Policies["Default"].Mode = mode;
        }));
        RequestClass any = rig.Shedder.ClassOf("any");
        bool lowered = false;
        for (int i = 0; i < 20; i++)
        {
            AdmissionLease stream = rig.Admitted(any);
            Assert.True(stream.BecomeLongLived());
            rig.Time.Advance(TimeSpan.FromMilliseconds(100));
            stream.Complete(outcome);
            Downstream downstream = DownstreamOf(any);
            lowered |= (mode == BackpressureMode.Observe ? downstream.Shadow! : downstream).Gate.Limit < 20;
        }

        Assert.Equal(outcome == Outcome.Dropped, lowered);
        Assert.Equal(0, DownstreamOf(any).LongLived);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Exempt_IsCountedApartAndNeverHeldBack(bool byPolicy)
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Policies["Probe"] = new PolicyOptions { Exempt = true }));
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass probe = byPolicy ? rig.Shedder.ClassOf("health", "Probe") : rig.Shedder.ClassOf("health", exempt: true);
        rig.Fill(any, 1);

        AdmissionLease[] probes = [.. Enumerable.Range(0, 10).Select(_ => rig.Ask(probe))];

        Assert.All(probes, p => Assert.Equal((true, AdmissionDecision.Exempt), (p.IsAdmitted, p.Decision)));
        Assert.Equal((1, 10), (GateOf(any).InFlight, DownstreamOf(any).Exempt));
        for (int i = 0; i < probes.Length; i++)
        {
            probes[i].Complete(Outcome.Success);
        }

        Assert.Equal(0, DownstreamOf(any).Exempt);
    }

    [Fact]
    public void Off_LetsEverythingThroughUncounted()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Mode = BackpressureMode.Off));
        RequestClass any = rig.Shedder.ClassOf("any");

        AdmissionLease[] leases = [.. Enumerable.Range(0, 5).Select(_ => rig.Ask(any))];

        Assert.All(leases, l => Assert.Equal((true, AdmissionDecision.Bypassed), (l.IsAdmitted, l.Decision)));
        leases[0].Complete(Outcome.Dropped);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void HostCeiling_HoldsAcrossDownstreamsAndSparesTheExempt()
    {
        using var rig = new ShedderRig(Fixed(10, change: o =>
        {
            o.MaxConcurrentRequests = 2;
            o.Downstreams["Other"] = new DownstreamOptions();
            o.Policies["Other"] = new PolicyOptions { Downstream = "Other", Overflow = Overflow.Block };
        }));
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass other = rig.Shedder.ClassOf("other", "Other");
        AdmissionLease one = rig.Admitted(any);
        rig.Admitted(other);

        AdmissionLease refused = rig.Ask(other);
        Assert.Equal(RejectionReason.HostCeilingReached, refused.Reason);
        Assert.InRange(refused.RetryAfter.TotalSeconds, 1, 30);
        refused.Complete(Outcome.Success);
        Assert.Equal(RejectionReason.HostCeilingReached, rig.Ask(any).Reason);
        Assert.True(rig.Ask(rig.Shedder.ClassOf("health", exempt: true)).IsAdmitted);

        one.Complete(Outcome.Success);
        rig.Admitted(other);
        Assert.Equal(RejectionReason.HostCeilingReached, rig.Ask(any).Reason);
    }

    [Fact]
    public async Task HostCeiling_CountsThoseWhoWaitAndForgetsThoseRefused()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.MaxConcurrentRequests = 2));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        Task<AdmissionLease> waiting = rig.Wait(any);
        Assert.Equal(RejectionReason.HostCeilingReached, rig.Ask(any).Reason);

        rig.Time.Pass(600);

        Assert.Equal(RejectionReason.MaxWaitElapsed, (await Answer(waiting)).Reason);
        Assert.False(rig.Wait(any).IsCompleted);
    }

    [Fact]
    public void UnknownPolicy_IsToldOnceTakesTheDefaultAndFollowsAReloadThatAddsIt()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass lost = rig.Shedder.ClassOf("lost", "Missing");
        RequestClass alsoLost = rig.Shedder.ClassOf("also lost", "missing");

        AdmissionLease lease = rig.Ask(lost);
        Assert.Equal("Default", lease.Policy.Name);
        lease.Complete(Outcome.Success);
        rig.Ask(alsoLost).Complete(Outcome.Success);
        rig.Ask(lost).Complete(Outcome.Success);

        Assert.Contains("Backpressure:Policies:Missing", Assert.Single(rig.Logger.Of(12)).Message, StringComparison.Ordinal);
        rig.Shedder.Reconfigure(Fixed(1, change: o => o.Policies["Missing"] = new PolicyOptions { Priority = Priority.Critical }));
        lease = rig.Ask(lost);
        Assert.Equal(("Missing", Priority.Critical), (lease.Policy.Name, lease.Priority));
    }

    [Fact]
    public void ClassOf_AnUndefinedPriority_IsAnError()
    {
        using var rig = new ShedderRig(Fixed(1));

        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Shedder.ClassOf("any", priority: (Priority)9));
        Assert.Throws<ArgumentNullException>(() => rig.Shedder.ClassOf(null!));
    }

    [Fact]
    public void AdmitAsync_WithAClassOfAnotherShedder_DecidesByItsOwnConfiguration()
    {
        using var one = new ShedderRig(Fixed(1, Overflow.Reject));
        using var two = new ShedderRig(Fixed(2, Overflow.Reject));
        RequestClass shared = one.Shedder.ClassOf("any");
        one.Fill(shared, 1);

        two.Fill(shared, 2);

        Assert.Equal(RejectionReason.LimitReached, one.Ask(shared).Reason);
        Assert.Equal(RejectionReason.LimitReached, two.Ask(shared).Reason);
    }

    [Fact]
    public void ServiceTime_EndsWithTheStartOfTheResponse()
    {
        using var rig = new ShedderRig(Fixed(4));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease lease = rig.Admitted(any);
        rig.Time.Pass(50);
        lease.ResponseStarted();
        rig.Time.Pass(5000);
        lease.ResponseStarted();
        lease.Complete(Outcome.Success);

        // The meter is drained when the controller is next due.
        rig.Time.Pass(100);
        rig.Admitted(any).Complete(Outcome.Ignored);

        int route = DownstreamOf(any).Meter.RouteIndex("any");
        Assert.Equal(0.05, (double)DownstreamOf(any).Meter.UsualLatencyTicks(route) / rig.Time.TimestampFrequency, 3);
    }
}
