using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>Another configuration, at any step of a request.</summary>
public sealed class ReloadTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1);
    private static readonly ShedderSettings Two = Rig.Fixed(2);
    private static readonly ShedderSettings Moving = Rig.Fixed(
        1, o => o.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 20 });

    private static readonly ShedderSettings Growing = Rig.Fixed(
        1, o => o.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 1, Min = 1, Max = 2 });

    private static readonly ShedderSettings Off = Rig.Fixed(1, o => o.Mode = BackpressureMode.Off);
    private static readonly ShedderSettings Observing = Rig.Fixed(1, o => o.Mode = BackpressureMode.Observe);

    [Fact]
    public void Limit_MovedAsRequestsEnterAndLeave_LosesNoUnit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            async () =>
            {
                await rig.Reload(One);
                await rig.Reload(Two);
            },
            () => rig.Served(rig.Any),
            () => rig.Served(rig.Any));
        rig.AssertIdle();
        Assert.Equal(2, rig.Gate.Limit);
    });

    [Fact]
    public void Limit_RaisedAsOneComesToWait_LetsItIn() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        rig.Shedder.Reconfigure(One);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(() => rig.Reload(Two), () => rig.Served(rig.Any));
        await rig.End(held);
        rig.AssertIdle();
    });

    // No release and no reload hands anything over here: only the higher limit itself does.
    [Fact]
    public void Limit_RaisedByTheLawAsOneComesToWait_LetsItIn() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Growing) { Limit = 2 };
        AdmissionLease held = rig.PressAgainstTheLimit();
        await Schedule.AtOnce(() => rig.Tick(TimeSpan.FromMilliseconds(600)), () => rig.Served(rig.Any));
        Assert.Equal(2, rig.Gate.Limit);
        await rig.End(held);
        rig.AssertIdle();
    });

    // Of two reloads one comes last, and the gate must stand where that one says.
    [Fact]
    public void Limit_MovedByTwoReloadsAtOnce_IsTheLastOnes() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        await Schedule.AtOnce(() => rig.Reload(Two), () => rig.Reload(One));
        Assert.Equal(rig.Shedder.Settings.Downstreams["Default"].Limit.Initial, rig.Gate.Limit);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mode_NoLongerEnforcedAsOneComesToWait_LetsItThrough(bool observe) => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(() => rig.Reload(observe ? Observing : Off), async () => Assert.True((await rig.Run(rig.Any)).IsAdmitted));
        await rig.End(held);
        rig.AssertIdle();
    });

    // Another holds on to what it knew; whoever comes after the reload must not.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mode_TurnedOff_HoldsForWhoComesAfter(bool systemClock) => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One, systemClock);
        await Schedule.AtOnce(
            () => rig.Served(rig.Any),
            async () =>
            {
                await rig.Reload(Off);
                AdmissionLease lease = await rig.Shedder.AdmitAsync(new AdmissionRequest(rig.Any));
                lease.Complete(Outcome.Success);
                Assert.Equal(AdmissionDecision.Bypassed, lease.Decision);
            });
        rig.AssertIdle();
    });

    // The law has just decided as a reload comes: what is in force is what was decided last.
    [Fact]
    public void Limit_MovedByTheLawAndAReloadAtOnce_IsTheLastOne() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Moving);
        AdmissionLease held = rig.Hold();
        rig.Time.Pass(TimeSpan.FromMilliseconds(10));
        await Schedule.AtOnce(
            () =>
            {
                held.Complete(Outcome.Dropped);
                return Task.CompletedTask;
            },
            () => rig.Reload(Two));
        Assert.Equal(rig.Downstream.Controller.Current.Limit, rig.Gate.Limit);
    });
}
