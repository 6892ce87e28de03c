using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>The host's ceiling, which is a counter and no gate.</summary>
public sealed class CeilingTests
{
    private static readonly ShedderSettings One = Rig.Fixed(2, o => o.MaxConcurrentRequests = 1);

    private static readonly ShedderSettings OneLongLived = Rig.Fixed(2, o => o.Downstreams["Default"].MaxLongLived = 1);

    [Fact]
    public void Ceiling_MetByManyAtOnce_RefusesSomeAndGivesAllPlacesBack() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One) { Limit = 1 };
        RejectionReason[] answers = [RejectionReason.None, RejectionReason.HostCeilingReached];
        await Schedule.AtOnce(
            () => Rig.Answered(rig.Run(rig.Any), answers),
            () => Rig.Answered(rig.Run(rig.Any), answers),
            () => Rig.Answered(rig.Run(rig.Any), answers));
        rig.AssertIdle();
        await rig.Served(rig.Any);
    });

    [Fact]
    public void LongLived_MetByManyAtOnce_NeverPassTheirOwnLimit() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(OneLongLived);
        AdmissionLease first = rig.Hold();
        AdmissionLease second = rig.Hold();
        int became = 0;
        await Schedule.AtOnce(() => BecomeLongLived(first), () => BecomeLongLived(second));
        Assert.Equal((1, 1, 1), (became, rig.Downstream.LongLived, rig.Gate.InFlight));

        Task BecomeLongLived(AdmissionLease lease)
        {
            Interlocked.Add(ref became, lease.BecomeLongLived() ? 1 : 0);
            return Task.CompletedTask;
        }
    });
}
