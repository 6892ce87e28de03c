using Backpressure.Configuration;
using Backpressure.Schedules.Controlled;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>The one timer that ends what nobody else would end.</summary>
public sealed class TimerTests
{
    // Less than until the limit's law has anything to do, whose thousand steps are not what is to be interleaved here.
    private static readonly ShedderSettings Hasty = Rig.Fixed(1, o => o.Policies["Default"].MaxWait = TimeSpan.FromMilliseconds(2));

    // The timer is about to stop, since the last waiter has gone, as another comes.
    [Fact]
    public void Tick_AsTheLastHasGoneAndAnotherComes_LooksAfterIt() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Hasty);
        AdmissionLease held = rig.Hold();
        var leaving = new ControlledTokenSource();
        Task gone = rig.Run(rig.Any, leaving.Token);
        leaving.Cancel();
        await gone;

        Task<AdmissionLease>? waits = null;
        await Schedule.AtOnce(
            () => rig.Tick(),
            () =>
            {
                waits = rig.Run(rig.Any);
                return Task.CompletedTask;
            });

        rig.RunClockDown();
        Assert.Equal(RejectionReason.MaxWaitElapsed, (await waits!).Reason);
        await rig.End(held);
        rig.AssertIdle();
    });

    [Fact]
    public void Ticks_AtOnceWithAReleaseAndAnAbort_AnswerEachOnce() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(Hasty);
        AdmissionLease held = rig.Hold();
        var leaving = new ControlledTokenSource();
        Task<AdmissionLease> first = rig.Run(rig.Any, leaving.Token);
        Task<AdmissionLease> second = rig.Run(rig.Any);
        await Schedule.AtOnce(
            () => rig.Tick(TimeSpan.FromMilliseconds(3)),
            () => rig.Tick(),
            () =>
            {
                leaving.Cancel();
                return rig.End(held);
            },
            () => Rig.Answered(first, RejectionReason.None, RejectionReason.MaxWaitElapsed, RejectionReason.ClientAborted),
            () => Rig.Answered(second, RejectionReason.None, RejectionReason.MaxWaitElapsed));
        rig.AssertIdle();
        rig.RunClockDown();
    });
}
