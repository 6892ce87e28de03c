using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

public sealed class LoadShedderShutdownTests
{
    [Fact]
    public async Task BeginShutdown_RefusesTheNewAndTheSheddableAndServesTheRest()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Policies["Pay"] = new PolicyOptions { Overflow = Overflow.Block }));
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass pay = rig.Shedder.ClassOf("pay", "Pay");
        AdmissionLease running = rig.Admitted(any);
        Task<AdmissionLease> sheds = rig.Wait(any);
        Task<AdmissionLease> blocks = rig.Wait(pay);

        rig.Shedder.BeginShutdown();

        Assert.Equal(RejectionReason.ShuttingDown, (await Answer(sheds)).Reason);
        Assert.Equal(RejectionReason.ShuttingDown, rig.Ask(pay).Reason);
        Assert.Equal(AdmissionDecision.Exempt, rig.Ask(rig.Shedder.ClassOf("health", exempt: true)).Decision);
        Assert.Equal((1, 1), (GateOf(any).InFlight, GateOf(any).Waiting));
        running.Complete(Outcome.Success);
        AdmissionLease paid = await Answer(blocks);
        Assert.Equal(AdmissionDecision.Admitted, paid.Decision);

        // Even with a free slot.
        paid.Complete(Outcome.Success);
        AdmissionLease late = rig.Ask(any);
        Assert.Equal(RejectionReason.ShuttingDown, late.Reason);
        Assert.InRange(late.RetryAfter.TotalSeconds, 1, 30);
    }

    [Fact]
    public async Task Dispose_RefusesThoseWhoWait_AndLeasesMayStillBeCompleted()
    {
        var rig = new ShedderRig(Fixed(1, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease running = rig.Admitted(any);
        Task<AdmissionLease> waiting = rig.Wait(any);

        rig.Dispose();
        rig.Dispose();

        Assert.Equal(RejectionReason.ShuttingDown, (await Answer(waiting)).Reason);
        Assert.Equal(RejectionReason.ShuttingDown, rig.Ask(any).Reason);
        running.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void BeginShutdown_ThenAReloadWithANewDownstream_RefusesThereToo()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Shedder.BeginShutdown();

        rig.Shedder.Reconfigure(Fixed(1, change: o =>
        {
            o.Downstreams["New"] = new DownstreamOptions();
            o.Policies["Default"].Downstream = "New";
        }));

        Assert.Equal(RejectionReason.ShuttingDown, rig.Ask(any).Reason);
    }

    [Fact]
    public void BeginShutdown_WithModeOff_LetsEverythingThrough()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Mode = BackpressureMode.Off));
        rig.Shedder.BeginShutdown();

        Assert.Equal(AdmissionDecision.Bypassed, rig.Ask(rig.Shedder.ClassOf("any")).Decision);
    }
}
