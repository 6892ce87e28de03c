using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>Units that are given back, or taken, by what runs on.</summary>
public sealed class CorrectionTests
{
    private static readonly ShedderSettings Two = Rig.Fixed(2, o => o.Downstreams["Default"].MaxLongLived = 1);

    [Fact]
    public void Correct_ToLighterAsAnotherComesToWait_ServesIt() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease held = rig.Hold(cost: 2);
        await Schedule.AtOnce(
            () =>
            {
                rig.Lighten(ref held, cost: 1);
                return Task.CompletedTask;
            },
            () => rig.Served(rig.Any));
        await rig.End(held);
        rig.AssertIdle();
    });

    [Fact]
    public void Correct_ToHeavierAtOnce_LosesNoUnit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        await Schedule.AtOnce(Heavier, Heavier);
        rig.AssertIdle();

        async Task Heavier()
        {
            AdmissionLease lease = await rig.Shedder.AdmitAsync(new AdmissionRequest(rig.Any));
            Assert.Equal(AdmissionDecision.Admitted, lease.Decision);
            lease.CorrectCost(3);
            lease.Complete(Outcome.Success);
        }
    });

    [Fact]
    public void LongLived_AsAnotherComesToWait_ServesIt() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Two);
        AdmissionLease held = rig.Hold(cost: 2);
        await Schedule.AtOnce(
            () =>
            {
                Assert.True(rig.BecomeLongLived(ref held));
                return Task.CompletedTask;
            },
            () => rig.Served(rig.Any));
        Assert.Equal(1, rig.Downstream.LongLived);
        held.Complete(Outcome.Success);
        Assert.Equal(0, rig.Downstream.LongLived);
        rig.AssertIdle();
    });
}
