using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>The host's ceiling, which is a counter and no gate.</summary>
public sealed class CeilingTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1, o => o.MaxConcurrentRequests = 1);

    [Fact]
    public void Ceiling_MetByManyAtOnce_RefusesSomeAndGivesAllPlacesBack() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        RejectionReason[] answers = [RejectionReason.None, RejectionReason.HostCeilingReached];
        await Schedule.AtOnce(
            async () => Assert.Contains((await rig.Run(rig.Any)).Reason, answers),
            async () => Assert.Contains((await rig.Run(rig.Any)).Reason, answers),
            async () => Assert.Contains((await rig.Run(rig.Any)).Reason, answers));
        rig.AssertIdle();
        await rig.Served(rig.Any);
    });
}
