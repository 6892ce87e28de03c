using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>The end, at any step of a request.</summary>
public sealed class ShutdownTests
{
    private static readonly ShedderSettings One = Rig.Fixed(
        1, o => o.Policies["Blocking"] = new PolicyOptions { Overflow = Overflow.Block, MaxWait = TimeSpan.FromMinutes(10) });

    [Fact]
    public void BeginShutdown_AsRequestsComeToWait_ServesWhoBlocksAndRefusesTheOther() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        RequestClass blocking = rig.ClassOf("Blocking");
        AdmissionLease held = rig.Hold();
        Task<AdmissionLease> blocked = rig.Run(blocking);
        await Schedule.AtOnce(
            () => Do(rig.Shedder.BeginShutdown),
            async () => Assert.Equal(RejectionReason.ShuttingDown, (await rig.Run(rig.Any)).Reason));
        Assert.False(blocked.IsCompleted);
        await Schedule.AtOnce(() => rig.End(held), async () => Assert.True((await blocked).IsAdmitted));
        rig.AssertIdle();
    });

    // Nothing ends what is held: whoever waits must hear it from the dispose, or not wait at all.
    [Fact]
    public void Dispose_AsRequestsComeToWait_LeavesNobodyWaiting() => Schedule.Explore(async () =>
    {
        var rig = new Rig(One);
        RequestClass blocking = rig.ClassOf("Blocking");
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => Do(rig.Shedder.Dispose),
            async () => Assert.Equal(RejectionReason.ShuttingDown, (await rig.Run(rig.Any)).Reason),
            async () => Assert.Equal(RejectionReason.ShuttingDown, (await rig.Run(blocking)).Reason));
        await rig.End(held);
        rig.AssertIdle();
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Newcomer_AfterShutdownBegan_IsRefused(bool systemClock) => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One, systemClock);
        await Schedule.AtOnce(
            async () =>
            {
                rig.Shedder.BeginShutdown();
                Assert.Equal(RejectionReason.ShuttingDown, (await rig.Run(rig.Any)).Reason);
            },
            () => rig.Answered(new AdmissionRequest(rig.Any), default, RejectionReason.None, RejectionReason.ShuttingDown));
        rig.AssertIdle();
    });

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
