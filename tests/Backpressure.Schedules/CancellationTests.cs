using Backpressure.Configuration;
using Backpressure.Schedules.Controlled;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>A caller that goes, at any step of the gate's decision.</summary>
public sealed class CancellationTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1);
    private static readonly ShedderSettings Two = Rig.Fixed(2);

    [Fact]
    public void Cancel_AsTheDecisionFalls_EndsTheWaitOnce() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () => Cancel(leaving),
            async () =>
            {
                AdmissionLease lease = await rig.Run(rig.Any, leaving.Token);
                Assert.True(lease.IsAdmitted || lease.Reason == RejectionReason.ClientAborted, lease.Reason.ToString());
            });
        rig.AssertIdle();
    });

    // The waiting object is used again: what is left of the first wait must not reach the second.
    [Fact]
    public void Cancel_ThatComesLate_DoesNotEndTheNextWait() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => Cancel(leaving),
            async () =>
            {
                await rig.End(held);
                await rig.Served(rig.Any);
            },
            async () =>
            {
                await rig.Run(rig.Any, leaving.Token);
                await rig.Served(rig.Any);
            });
        rig.AssertIdle();
    });

    [Fact]
    public void Cancel_OfAHeavyWaiter_LetsLighterOnesPast() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => Cancel(leaving),
            () => rig.Run(new AdmissionRequest(rig.Any) { Cost = 2 }, leaving.Token),
            () => rig.Served(rig.Any));
        await rig.End(held);
        rig.AssertIdle();
    });

    private static Task Cancel(ControlledTokenSource source)
    {
        source.Cancel();
        return Task.CompletedTask;
    }
}
