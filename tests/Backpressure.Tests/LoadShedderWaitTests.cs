using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

public sealed class LoadShedderWaitTests
{
    [Fact]
    public async Task AdmitAsync_WhenFull_WaitsForASlotAndSaysHowLong()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease[] first = rig.Fill(any, 1);
        Task<AdmissionLease> waiting = rig.Wait(any);
        rig.Time.Pass(200);

        first[0].Complete(Outcome.Success);

        AdmissionLease lease = await Answer(waiting);
        Assert.Equal((AdmissionDecision.Admitted, TimeSpan.FromMilliseconds(200)), (lease.Decision, lease.Wait));
        Assert.Equal(1, GateOf(any).InFlight);
        lease.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public async Task AdmitAsync_WhenItsMaxWaitElapses_IsRejectedByTheTimer()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Policies["Default"].MaxWait = TimeSpan.FromMilliseconds(300)));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        Task<AdmissionLease> waiting = rig.Wait(any);

        rig.Time.Pass(299);
        Assert.Equal(1, GateOf(any).Waiting);
        rig.Time.Pass(11);

        AdmissionLease lease = await Answer(waiting);
        Assert.Equal(RejectionReason.MaxWaitElapsed, lease.Reason);
        Assert.InRange(lease.Wait.TotalMilliseconds, 300, 310);
        Assert.InRange(lease.RetryAfter.TotalSeconds, 1, 30);
    }

    [Fact]
    public async Task AdmitAsync_ByTheRequestsOwnPriority_OvertakesItsClass()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass low = rig.Shedder.ClassOf("low", priority: Priority.Low);
        AdmissionLease[] first = rig.Fill(any, 1);
        Task<AdmissionLease> waitsLow = rig.Wait(low);
        Task<AdmissionLease> waitsNormal = rig.Wait(any);
        Task<AdmissionLease> raised = rig.Wait(new AdmissionRequest(low) { Priority = Priority.Critical });

        first[0].Complete(Outcome.Success);
        AdmissionLease lease = await Answer(raised);
        Assert.Equal(Priority.Critical, lease.Priority);
        lease.Complete(Outcome.Success);
        lease = await Answer(waitsNormal);
        lease.Complete(Outcome.Success);
        lease = await Answer(waitsLow);
        Assert.Equal(Priority.Low, lease.Priority);
    }

    [Fact]
    public async Task AdmitAsync_WithADeadline_EndsItsWaitThen()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        Task<AdmissionLease> waiting = rig.Wait(new AdmissionRequest(any) { TimeLeft = TimeSpan.FromMilliseconds(150) });

        rig.Time.Pass(140);
        Assert.Equal(1, GateOf(any).Waiting);
        rig.Time.Pass(20);

        Assert.Equal(RejectionReason.DeadlineExceeded, (await Answer(waiting)).Reason);
        Assert.Equal(RejectionReason.DeadlineExceeded, rig.Ask(new AdmissionRequest(any) { TimeLeft = TimeSpan.FromSeconds(-1) }).Reason);
        Task<AdmissionLease> forEver = rig.Wait(new AdmissionRequest(any) { TimeLeft = TimeSpan.MaxValue });
        Assert.False(forEver.IsCompleted);
    }

    [Fact]
    public async Task Cancel_OfAWaitingRequest_EndsItsWaitAndLeaksNothing()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease[] first = rig.Fill(any, 1);
        using var gone = new CancellationTokenSource();
        Task<AdmissionLease> waiting = rig.WaitOrLeave(new AdmissionRequest(any), gone.Token);

        await gone.CancelAsync();

        AdmissionLease lease = await Answer(waiting);
        Assert.Equal((RejectionReason.ClientAborted, TimeSpan.Zero), (lease.Reason, lease.RetryAfter));
        lease.Complete(Outcome.Ignored);
        Assert.Equal((1, 0, false), (GateOf(any).InFlight, GateOf(any).Waiting, GateOf(any).HasWaiters));
        first[0].Complete(Outcome.Success);
        rig.Admitted(any);
    }

    [Fact]
    public async Task Cancel_BeforeOrAfterTheWait_ChangesNothing()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        using var gone = new CancellationTokenSource();

        // Admitted at once: its slot is not freed because the caller leaves.
        ValueTask<AdmissionLease> running = rig.Shedder.AdmitAsync(new AdmissionRequest(any), gone.Token);
        AdmissionLease first = await running;
        Task<AdmissionLease> waiting = rig.WaitOrLeave(new AdmissionRequest(any), gone.Token);
        first.Complete(Outcome.Success);
        AdmissionLease second = await Answer(waiting);

        // The same node serves the next one that waits: a late cancellation must not reach it.
        Task<AdmissionLease> next = rig.Wait(any);
        await gone.CancelAsync();

        Assert.Equal((1, 1), (GateOf(any).InFlight, GateOf(any).Waiting));
        second.Complete(Outcome.Success);
        Assert.True((await Answer(next)).IsAdmitted);

        // Cancelled before it asks: it waits for nothing.
        AdmissionLease late = await rig.Shedder.AdmitAsync(new AdmissionRequest(any), gone.Token);
        Assert.Equal(RejectionReason.ClientAborted, late.Reason);
        Assert.Equal(0, GateOf(any).Waiting);
    }

    [Fact]
    public void Admit_PastItsDeadline_IsRefusedAtAFreeGateToo()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");

        AdmissionLease late = rig.Ask(new AdmissionRequest(any) { TimeLeft = TimeSpan.Zero });

        Assert.Equal(RejectionReason.DeadlineExceeded, late.Reason);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void Reconfigure_AfterDispose_BringsNothingBack()
    {
        using var rig = new ShedderRig(Fixed(1));
        rig.Shedder.Dispose();

        rig.Shedder.Reconfigure(Fixed(1, change: o => o.Downstreams["Late"] = new DownstreamOptions()));

        Assert.DoesNotContain("Late", rig.Shedder.Settings.Downstreams.Keys);
    }
}
