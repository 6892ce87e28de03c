using Backpressure.Downstreams;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

public sealed class LoadShedderObserveTests
{
    [Fact]
    public void ObservedWhole_HoldsNothingBackAndCountsWhatItWouldRejectOnce()
    {
        using var rig = new ShedderRig(Fixed(2, Overflow.Reject, o => o.Mode = BackpressureMode.Observe));
        RequestClass any = rig.Shedder.ClassOf("any");

        AdmissionLease[] leases = [.. Enumerable.Range(0, 5).Select(_ => rig.Ask(any))];

        Assert.All(leases, l => Assert.True(l.IsAdmitted));
        Assert.Equal(2, leases.Count(l => l.Decision == AdmissionDecision.Admitted));
        Assert.All(leases[2..], l => Assert.Equal((AdmissionDecision.WouldReject, RejectionReason.LimitReached), (l.Decision, l.Reason)));
        Downstream shadow = DownstreamOf(any).Shadow!;
        Assert.Equal((0, 2), (GateOf(any).InFlight, shadow.Gate.InFlight));
        Assert.Equal((2, 2), LoadShedder.ReadingOf(leases[0]));
        for (int i = 0; i < leases.Length; i++)
        {
            leases[i].Complete(Outcome.Success);
        }

        Assert.Equal(0, shadow.Gate.InFlight);
        var decisions = Decisions.Of(rig);
        Assert.Equal((2, 3), (decisions.Total("admitted"), decisions.Total("would_reject", "limit_reached")));
        Assert.Equal(5, decisions.All);
    }

    [Fact]
    public void Observed_WaitsInTheShadowOnlyAndIsCountedWhenThatHasDecided()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Mode = BackpressureMode.Observe));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease runs = rig.Ask(any);
        AdmissionLease wouldWait = rig.Ask(any);
        AdmissionLease wouldWaitInVain = rig.Ask(any);
        AdmissionLease wouldHaveEnded = rig.Ask(any);
        Downstream shadow = DownstreamOf(any).Shadow!;
        Assert.Equal((1, 3), (shadow.Gate.InFlight, shadow.Gate.Waiting));

        wouldHaveEnded.Complete(Outcome.Success);
        runs.Complete(Outcome.Success);
        Assert.Equal((1, 1), (shadow.Gate.InFlight, shadow.Gate.Waiting));
        rig.Time.Pass(600);
        Assert.Equal((1, 0), (shadow.Gate.InFlight, shadow.Gate.Waiting));
        wouldWait.Complete(Outcome.Success);
        wouldWaitInVain.Complete(Outcome.Success);

        Assert.Equal(0, shadow.Gate.InFlight);
        var decisions = Decisions.Of(rig);
        Assert.Equal((3, 1), (decisions.Total("admitted"), decisions.Total("would_reject", "max_wait_elapsed")));
        Assert.Equal(4, decisions.All);
    }

    [Fact]
    public void ObservedPolicy_LearnsOfTheLoadThatIsNotObserved()
    {
        using var rig = new ShedderRig(Fixed(3, Overflow.Reject, o =>
            o.Policies["Trial"] = new PolicyOptions { Overflow = Overflow.Reject, Mode = BackpressureMode.Observe }));
        RequestClass enforced = rig.Shedder.ClassOf("enforced");
        RequestClass trial = rig.Shedder.ClassOf("trial", "Trial");
        AdmissionLease[] load = rig.Fill(enforced, 2);

        AdmissionLease fits = rig.Ask(trial);
        AdmissionLease over = rig.Ask(trial);

        Assert.Equal((AdmissionDecision.Admitted, AdmissionDecision.WouldReject), (fits.Decision, over.Decision));

        // What is observed takes nothing from what is enforced.
        Assert.Equal(2, GateOf(enforced).InFlight);
        AdmissionLease third = rig.Admitted(enforced);
        Assert.Equal(RejectionReason.LimitReached, rig.Ask(enforced).Reason);
        Downstream shadow = DownstreamOf(trial).Shadow!;
        Assert.Equal(4, shadow.Gate.InFlight);

        load[0].Complete(Outcome.Success);
        load[1].Complete(Outcome.Success);
        third.Complete(Outcome.Success);
        fits.Complete(Outcome.Success);
        over.Complete(Outcome.Success);
        Assert.Equal((0, 0), (GateOf(enforced).InFlight, shadow.Gate.InFlight));
    }

    [Fact]
    public async Task ObservedPolicy_MirrorsThoseAdmittedAfterAWait()
    {
        using var rig = new ShedderRig(Fixed(1, change: o =>
            o.Policies["Trial"] = new PolicyOptions { Overflow = Overflow.Reject, Mode = BackpressureMode.Observe }));
        RequestClass enforced = rig.Shedder.ClassOf("enforced");
        RequestClass trial = rig.Shedder.ClassOf("trial", "Trial");
        AdmissionLease first = rig.Admitted(enforced);
        Task<AdmissionLease> waiting = rig.Wait(enforced);
        first.Complete(Outcome.Success);
        AdmissionLease second = await Answer(waiting);

        Assert.Equal(AdmissionDecision.WouldReject, rig.Ask(trial).Decision);
        Assert.True(second.BecomeLongLived());
        Assert.Equal(0, DownstreamOf(trial).Shadow!.Gate.InFlight);
        second.Complete(Outcome.Success);
        Assert.Equal(0, DownstreamOf(trial).Shadow!.Gate.InFlight);
    }

    [Fact]
    public void Observed_AboveTheHostCeiling_RunsAndIsCountedOnce()
    {
        using var rig = new ShedderRig(Fixed(10, change: o =>
        {
            o.Mode = BackpressureMode.Observe;
            o.MaxConcurrentRequests = 1;
        }));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease one = rig.Ask(any);
        AdmissionLease two = rig.Ask(any);

        Assert.Equal((AdmissionDecision.WouldReject, RejectionReason.HostCeilingReached), (two.Decision, two.Reason));
        one.Complete(Outcome.Success);
        two.Complete(Outcome.Success);
        Assert.Equal(AdmissionDecision.Admitted, rig.Ask(any).Decision);
        Assert.Equal(3, Decisions.Of(rig).All);
    }

    [Fact]
    public void Observed_WhileShuttingDown_RunsAndIsCounted()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Mode = BackpressureMode.Observe));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Shedder.BeginShutdown();

        AdmissionLease one = rig.Ask(any);
        AdmissionLease two = rig.Ask(any);

        Assert.True(one.IsAdmitted && two.IsAdmitted);
        one.Complete(Outcome.Success);
        two.Complete(Outcome.Success);
        Assert.Equal((0, 2), (DownstreamOf(any).Shadow!.Gate.InFlight, Decisions.Of(rig).All));
    }

    [Fact]
    public void ObserveEndedByAReload_CountsThoseInTheShadowQueueAsAdmitted()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Mode = BackpressureMode.Observe));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease one = rig.Ask(any);
        AdmissionLease two = rig.Ask(any);
        Downstream shadow = DownstreamOf(any).Shadow!;

        rig.Shedder.Reconfigure(Fixed(1));

        Assert.Null(DownstreamOf(any).Shadow);
        one.Complete(Outcome.Success);
        two.Complete(Outcome.Success);
        Assert.Equal((0, 0), (shadow.Gate.InFlight, shadow.Gate.Waiting));
        var decisions = Decisions.Of(rig);
        Assert.Equal((2, 2), (decisions.Total("admitted"), decisions.All));
    }

    [Fact]
    public void Observed_AdaptiveLimit_IsTheShadowsOwn()
    {
        using var rig = new ShedderRig(Fixed(1, change: o =>
        {
            o.Mode = BackpressureMode.Observe;
            o.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 10, Min = 1, Max = 100 };
        }));
        RequestClass any = rig.Shedder.ClassOf("any");

        for (int i = 0; i < 100; i++)
        {
            AdmissionLease lease = rig.Ask(any);
            rig.Time.Pass(20);
            lease.Complete(i < 50 ? Outcome.Dropped : Outcome.Success);
        }

        Assert.InRange(DownstreamOf(any).Shadow!.Gate.Limit, 1, 9);
        Assert.Equal(10, GateOf(any).Limit);
    }

    [Fact]
    public void ObservedAboveTheCeiling_LeavesItsPlacesToOthersWhileItRuns()
    {
        using var rig = new ShedderRig(Fixed(100, change: o =>
        {
            o.MaxConcurrentRequests = 2;
            o.Policies["Observed"] = new PolicyOptions { Mode = BackpressureMode.Observe };
        }));
        RequestClass observed = rig.Shedder.ClassOf("any", "Observed");
        RequestClass enforced = rig.Shedder.ClassOf("any");
        AdmissionLease[] few = [rig.Ask(observed), rig.Ask(observed)];

        AdmissionLease oneTooMany = rig.Ask(observed);
        Assert.Equal((AdmissionDecision.WouldReject, RejectionReason.HostCeilingReached), (oneTooMany.Decision, oneTooMany.Reason));
        Assert.Equal(1, DownstreamOf(observed).Observed);

        // What is only observed keeps nobody out, and what would have been refused holds no place.
        AdmissionLease[] both = [rig.Admitted(enforced), rig.Admitted(enforced)];
        for (int i = 0; i < 2; i++)
        {
            few[i].Complete(Outcome.Success);
            both[i].Complete(Outcome.Success);
        }

        Assert.Equal(AdmissionDecision.Admitted, rig.Ask(observed).Decision);
        oneTooMany.Complete(Outcome.Success);
        Assert.Equal(0, DownstreamOf(observed).Observed);
    }

    [Fact]
    public void Reconfigure_OfSomethingElse_KeepsTheShadowsQueue()
    {
        BackpressureOptions Options(int seconds) => Fixed(1, change: o =>
        {
            o.Policies["Observed"] = new PolicyOptions { Mode = BackpressureMode.Observe };
            o.Policies["Other"] = new PolicyOptions { MaxWait = TimeSpan.FromSeconds(seconds) };
        });
        using var rig = new ShedderRig(Options(1));
        RequestClass observed = rig.Shedder.ClassOf("any", "Observed");
        AdmissionLease[] leases = [rig.Ask(observed), rig.Ask(observed), rig.Ask(observed)];
        Assert.Equal(2, DownstreamOf(observed).Shadow!.Gate.Waiting);

        rig.Shedder.Reconfigure(Options(2));

        Assert.Equal(2, DownstreamOf(observed).Shadow!.Gate.Waiting);
        Assert.Equal(1, Decisions.Of(rig).Total("admitted"));
        for (int i = 0; i < leases.Length; i++)
        {
            leases[i].Complete(Outcome.Success);
        }
    }
}
