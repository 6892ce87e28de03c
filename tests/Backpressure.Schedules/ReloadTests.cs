using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>Another configuration, at any step of a request.</summary>
public sealed class ReloadTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1);
    private static readonly ShedderSettings Two = Rig.Fixed(2);
    private static readonly ShedderSettings Off = Rig.Fixed(1, o => o.Mode = BackpressureMode.Off);
    private static readonly ShedderSettings Observing = Rig.Fixed(1, o => o.Mode = BackpressureMode.Observe);

    [Fact]
    public void Limit_MovedAsRequestsEnterAndLeave_LosesNoUnit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () =>
            {
                rig.Shedder.Reconfigure(One);
                rig.Shedder.Reconfigure(Two);
                return Task.CompletedTask;
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
        await Schedule.AtOnce(() => Reload(rig, Two), () => rig.Served(rig.Any));
        await rig.End(held);
        rig.AssertIdle();
    });

    // Of two reloads one comes last, and the gate must stand where that one says.
    [Fact]
    public void Limit_MovedByTwoReloadsAtOnce_IsTheLastOnes() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        await Schedule.AtOnce(() => Reload(rig, Two), () => Reload(rig, One));
        Assert.Equal(rig.Shedder.Settings.Downstreams["Default"].Limit.Initial, rig.Gate.Limit);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mode_NoLongerEnforcedAsOneComesToWait_LetsItThrough(bool observe) => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(() => Reload(rig, observe ? Observing : Off), async () => Assert.True((await rig.Run(rig.Any)).IsAdmitted));
        await rig.End(held);
        rig.AssertIdle();
    });

    private static Task Reload(Rig rig, ShedderSettings settings)
    {
        rig.Shedder.Reconfigure(settings);
        return Task.CompletedTask;
    }
}
