using Backpressure.Configuration;
using Backpressure.Downstreams;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>A gate that only pretends: it must count as a real one would, and hold nothing for ever.</summary>
public sealed class ObserveTests
{
    private static readonly ShedderSettings Observing = Rig.Fixed(1, o => o.Mode = BackpressureMode.Observe);
    private static readonly ShedderSettings Enforcing = Rig.Fixed(1);

    [Fact]
    public void Requests_ObservedAtOnce_AreCountedOnceAndHoldNothing() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Observing);
        await Schedule.AtOnce(() => rig.Served(rig.Any), () => rig.Served(rig.Any), () => rig.Served(rig.Any));
        Assert.Equal(3, rig.CountDecisions());
        AssertIdle(rig.Downstream.Shadow!);
    });

    [Fact]
    public void Shadow_TakenAwayUnderObservedRequests_HoldsNothing() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Observing);
        Downstream shadow = rig.Downstream.Shadow!;
        await Schedule.AtOnce(
            () => rig.Served(rig.Any),
            () => rig.Served(rig.Any),
            () => rig.Reload(Enforcing));
        Assert.Equal(2, rig.CountDecisions());
        AssertIdle(shadow);
        rig.AssertIdle();
    });

    // Whoever comes to wait at a shadow that is just taken away runs on, and no shutdown has held it back.
    [Fact]
    public void Shadow_TakenAwayAsOneComesToWait_CountsItAsAdmitted() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Observing);
        AdmissionLease held = rig.HoldObserved();
        await Schedule.AtOnce(() => rig.Served(rig.Any), () => rig.Reload(Enforcing));
        held.Complete(Outcome.Success);
        Assert.Equal((2, 0), (rig.CountDecisions(), rig.CountOfShutdown()));
    });

    private static void AssertIdle(Downstream shadow) =>
        Assert.Equal((0, 0, false), (shadow.Gate.InFlight, shadow.Gate.Waiting, shadow.Gate.HasWaiters));
}
