using Backpressure.Configuration;
using Backpressure.Schedules.Controlled;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>A place in a full queue that is taken away, given a slot and left, all at once.</summary>
public sealed class EvictionTests
{
    private static readonly ShedderSettings OnePlace = Rig.Fixed(1, o => o.Downstreams["Default"].Queue = new QueueOptions { Capacity = 1, MinShare = 0 });

    [Fact]
    public void Evict_AsASlotComesFree_AnswersBothOnce() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(OnePlace);
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () => rig.End(held),
            () => Ask(rig, Priority.Low, [RejectionReason.None, RejectionReason.Evicted, RejectionReason.QueueFull]),
            () => Ask(rig, Priority.Critical, [RejectionReason.None]));
        rig.AssertIdle();
    });

    [Fact]
    public void Evict_AsTheWaiterLeaves_AnswersBothOnce() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(OnePlace);
        var leaving = new ControlledTokenSource();
        AdmissionLease held = rig.Hold();
        await Schedule.AtOnce(
            () =>
            {
                leaving.Cancel();
                return rig.End(held);
            },
            () => Ask(rig, Priority.Low, [RejectionReason.None, RejectionReason.Evicted, RejectionReason.QueueFull, RejectionReason.ClientAborted], leaving.Token),
            () => Ask(rig, Priority.Critical, [RejectionReason.None]));
        rig.AssertIdle();
    });

    private static async Task Ask(Rig rig, Priority priority, RejectionReason[] answers, ControlledToken token = default) =>
        Assert.Contains((await rig.Run(new AdmissionRequest(rig.Any) { Priority = priority }, token)).Reason, answers);
}
