using Backpressure.Configuration;
using Backpressure.Schedules.Controlled;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>A caller that goes, at any step of the gate's decision.</summary>
public sealed class CancellationTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1);
    private static readonly ShedderSettings Two = Rig.Fixed(2);
    private static readonly ShedderSettings Three = Rig.Fixed(3);

    [Fact]
    public void Cancel_AsTheDecisionFalls_EndsTheWaitOnce() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () => Rig.Leave(leaving),
            () => rig.Answered(new AdmissionRequest(rig.Any), leaving.Token, RejectionReason.None, RejectionReason.ClientAborted));
        rig.AssertIdle();
    });

    // The waiting object is used again: what is left of the first wait must not reach the second.
    [Fact]
    public void Cancel_ThatComesLate_DoesNotEndTheNextWait() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        Task<AdmissionLease> first = rig.Run(rig.Any, leaving.Token);
        await Schedule.AtOnce(
            () => Rig.Leave(leaving),
            () => rig.End(held),
            async () =>
            {
                await Rig.Answered(first, RejectionReason.None, RejectionReason.ClientAborted);
                await rig.Served(rig.Any);
            },
            () => rig.Served(rig.Any));
        rig.AssertIdle();
    });

    [Fact]
    public void Cancel_OfAHeavyWaiter_LetsLighterOnesPast() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => Rig.Leave(leaving),
            () => rig.Answered(new AdmissionRequest(rig.Any) { Cost = 2 }, leaving.Token, RejectionReason.None, RejectionReason.ClientAborted),
            () => rig.Served(rig.Any));
        await rig.End(held);
        rig.AssertIdle();
    });

    // Two are let in by one step of the limit. The first is used again before the second is told.
    [Fact]
    public void Tell_OfOneThatIsUsedAgainAtOnce_StillTellsTheNext() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One) { Limit = 3 };
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        Task<AdmissionLease> second = null!;
        await Schedule.AtOnce(
            async () =>
            {
                Task<AdmissionLease> first = rig.Run(rig.Any);
                second = rig.Run(rig.Any);
                await Schedule.AtOnce(
                    () => rig.Reload(Three),
                    async () =>
                    {
                        await first;

                        // Too heavy while one is held, so it waits, in what the first has left.
                        await rig.Answered(new AdmissionRequest(rig.Any) { Cost = 3 }, leaving.Token, RejectionReason.ClientAborted);
                    });
                await second;
            },
            () => Rig.Leave(leaving));
        await rig.End(held);
        rig.AssertIdle();
    });
}
