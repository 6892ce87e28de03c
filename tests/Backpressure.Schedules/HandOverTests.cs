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

    [Fact]
    public void Requests_OfDifferentCost_AreAllServedAndNeverPassTheLimit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () => rig.Run(new AdmissionRequest(rig.Any) { Cost = 2 }),
            () => rig.Run(new AdmissionRequest(rig.Any) { Cost = 5 }),
            () => rig.Served(rig.Any));
        rig.AssertIdle();
    });
}
