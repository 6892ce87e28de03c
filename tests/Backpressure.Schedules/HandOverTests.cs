using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>A release and an arrival, at any step of each other.</summary>
public sealed class HandOverTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1);
    private static readonly ShedderSettings Two = Rig.Fixed(2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Release_AsAnotherComesToWait_ServesIt(bool systemClock) => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One, systemClock);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(() => rig.End(held), () => rig.Served(rig.Any));
        rig.AssertIdle();
    });

    // Of the many that are not measured nothing is known at their end but their units.
    [Fact]
    public void Release_OfOneThatIsNotMeasuredAsAnotherComesToWait_ServesIt() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One, systemClock: true);
        rig.MeasureFew();
        AdmissionLease held = rig.Hold();
        Assert.Equal(0, held.StartedAt);
        await Schedule.AtOnce(() => rig.End(held), () => rig.Served(rig.Any));
        rig.AssertIdle();
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Requests_AtOnce_AreAllServedAndNeverPassTheLimit(bool systemClock) => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two, systemClock);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () => rig.Served(rig.Any),
            () => rig.Served(rig.Any),
            () => rig.Served(rig.Any));
        rig.AssertIdle();
    });

    // The second is given back while what the first gave is handed over.
    [Fact]
    public void Release_AsAnothersUnitIsHandedOver_LosesNoUnit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease first = rig.Hold();
        AdmissionLease second = rig.Hold();
        Task<AdmissionLease> waits = rig.Run(rig.Any);
        await Schedule.AtOnce(
            () => rig.End(first),
            () => rig.End(second),
            () => Rig.Answered(waits, RejectionReason.None));
        rig.AssertIdle();
    });

    // What had waited passes its unit on under the lock, and another gives one back without it.
    [Fact]
    public void Release_AsAUnitIsPassedOn_LosesNoUnit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease first = rig.Hold();
        AdmissionLease second = rig.Hold();
        Task<AdmissionLease> waits = rig.Admit();
        await rig.End(first);
        AdmissionLease waited = await waits;
        Task<AdmissionLease> next = rig.Run(rig.Any);
        await Schedule.AtOnce(
            () =>
            {
                waited.Complete(Outcome.Success);
                return Task.CompletedTask;
            },
            () => rig.End(second),
            () => Rig.Answered(next, RejectionReason.None));
        rig.AssertIdle();
    });

    // The last that waited is served, and another comes to wait: that one is served by a release of what never waited,
    // which looks for it only if the gate is marked.
    [Fact]
    public void Newcomer_AsTheLastThatWaitedIsServed_IsServedByTheNextRelease() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease first = rig.Hold();
        AdmissionLease second = rig.Hold();
        Task<AdmissionLease> waits = rig.Admit();
        Task<AdmissionLease> newcomer = null!;
        await Schedule.AtOnce(
            () => rig.End(first),
            () =>
            {
                newcomer = rig.Admit();
                return Task.CompletedTask;
            });
        AdmissionLease served = await waits;
        await rig.End(second);
        AdmissionLease last = await newcomer;
        served.Complete(Outcome.Success);
        last.Complete(Outcome.Success);
        rig.AssertIdle();
    });

    [Fact]
    public void Requests_OfDifferentCost_AreAllServedAndNeverPassTheLimit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () => rig.Served(rig.Any, cost: 2),
            () => rig.Served(rig.Any, cost: 5),
            () => rig.Served(rig.Any));
        rig.AssertIdle();
    });

    // What it waited in serves the next who waits, who may come as it reads its answer.
    [Fact]
    public void Answer_ReadAsAnotherComesToWait_LeavesItReadyForThat() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        AdmissionLease held = rig.Hold();
        Task<AdmissionLease> first = rig.Run(rig.Any);
        await Schedule.AtOnce(
            async () =>
            {
                await rig.End(held);
                await Rig.Answered(first, RejectionReason.None);
            },
            () => rig.Served(rig.Any));
        rig.AssertIdle();
    });

    [Fact]
    public void Newcomer_AsASlotComesFree_DoesNotOvertakeWhoWaits() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        AdmissionLease held = rig.Hold();
        Task<AdmissionLease> waits = rig.Run(rig.Any);
        await Schedule.AtOnce(
            () => rig.End(held),
            async () =>
            {
                AdmissionLease lease = await rig.Shedder.AdmitAsync(new AdmissionRequest(rig.Any) { NoWait = true });
                Assert.True(!lease.IsAdmitted || rig.Gate.Waiting == 0, "It came later and runs, and the other still waits.");
                lease.Complete(Outcome.Success);
            },
            () => Rig.Answered(waits, RejectionReason.None));
        rig.AssertIdle();
    });
}
