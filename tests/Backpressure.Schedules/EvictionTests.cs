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
            () => rig.Answered(Low(rig), default, RejectionReason.None, RejectionReason.Evicted, RejectionReason.QueueFull),
            () => rig.Answered(Critical(rig), default, RejectionReason.None));
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
            () => rig.Answered(Low(rig), leaving.Token, RejectionReason.None, RejectionReason.Evicted, RejectionReason.QueueFull, RejectionReason.ClientAborted),
            () => rig.Answered(Critical(rig), default, RejectionReason.None));
        rig.AssertIdle();
    });

    private static AdmissionRequest Low(Rig rig) => new(rig.Any) { Priority = Priority.Low };

    private static AdmissionRequest Critical(Rig rig) => new(rig.Any) { Priority = Priority.Critical };
}
