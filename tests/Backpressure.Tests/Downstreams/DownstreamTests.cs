using Backpressure.Downstreams;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests.Downstreams;

public sealed class DownstreamTests
{
    [Fact]
    public async Task Timer_RunsWhileSomebodyWaitsThenUntilItHasStoppedShedding()
    {
        var time = new ManualTimeProvider();
        using var shedder = new LoadShedder(Fixed(1), time);
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = Ask(shedder, new AdmissionRequest(any));
        Assert.Equal(Timeout.InfiniteTimeSpan, time.GatePeriod);

        Task<AdmissionLease> waiting = shedder.AdmitAsync(new AdmissionRequest(any), CancellationToken.None).AsTask();
        Assert.Equal(TimeSpan.FromMilliseconds(10), time.GatePeriod);
        time.Fire();
        Assert.Equal(TimeSpan.FromMilliseconds(10), time.GatePeriod);

        time.Pass(TimeSpan.FromSeconds(1));
        time.Fire();
        Assert.Equal(RejectionReason.MaxWaitElapsed, (await Answer(waiting)).Reason);
        time.Fire();
        Assert.Equal(TimeSpan.FromSeconds(1), time.GatePeriod);
        time.Pass(TimeSpan.FromSeconds(11));
        time.Fire();
        Assert.Equal(Timeout.InfiniteTimeSpan, time.GatePeriod);
        running.Complete(Outcome.Success);
    }

    [Fact]
    public void Dropped_LowersTheLimitAtOnce()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Downstreams["Default"].Limit = new LimitOptions { Initial = 50, Min = 4, Max = 100 }));
        RequestClass any = rig.Shedder.ClassOf("any");
        for (int round = 0; round < 20; round++)
        {
            AdmissionLease[] leases = [.. Enumerable.Range(0, 4).Select(_ => rig.Ask(any))];
            rig.Time.Pass(50);
            for (int i = 0; i < leases.Length; i++)
            {
                leases[i].Complete(round < 10 ? Outcome.Success : Outcome.Dropped);
            }
        }

        Assert.InRange(GateOf(any).Limit, 4, 49);
    }

    [Theory]
    [InlineData(400, -20, -8)]
    [InlineData(10, 4, 10)]
    public void Dropped_CountsWithTheTimeItTook_WhereTheLawGoesByLatencyAlone(int milliseconds, int least, int most)
    {
        LimitOptions gradient2 = new() { Algorithm = LimitAlgorithm.Gradient2, Initial = 20 };
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Downstreams["Default"].Limit = gradient2));
        RequestClass any = rig.Shedder.ClassOf("any");
        Run(15_000, 50, Outcome.Success);
        int healthy = GateOf(any).Limit;
        Assert.InRange(healthy, 25, 35);
        Run(10_000, milliseconds, Outcome.Dropped);
        Assert.InRange(GateOf(any).Limit - healthy, least, most);

        void Run(int whole, int each, Outcome outcome)
        {
            for (int took = 0; took < whole; took += each)
            {
                AdmissionLease[] leases = [.. Enumerable.Range(0, GateOf(any).Limit).Select(_ => rig.Ask(any))];
                rig.Time.Pass(each);
                for (int i = 0; i < leases.Length; i++)
                {
                    leases[i].Complete(outcome);
                }
            }
        }
    }

    [Fact]
    public void Stall_WithWaiters_IsNoticedWithoutAnyCompletion()
    {
        // The timer steps the controller too: a downstream that answers nothing is seen before it answers again.
        using var rig = new ShedderRig(Fixed(1, Overflow.Block, o => o.Downstreams["Default"].Limit = new LimitOptions { Initial = 10, Min = 2, Max = 100 }));
        RequestClass any = rig.Shedder.ClassOf("any");
        for (int round = 0; round < 100; round++)
        {
            AdmissionLease[] leases = [.. Enumerable.Range(0, 12).Select(_ => rig.Ask(new AdmissionRequest(any) { NoWait = true }))];
            rig.Time.Pass(20);
            for (int i = 0; i < leases.Length; i++)
            {
                leases[i].Complete(Outcome.Success);
            }
        }

        Downstream downstream = DownstreamOf(any);
        Assert.True(downstream.Gate.DrainPerSecond > 100, "It was never seen full.");
        double before = downstream.Gate.DrainPerSecond;
        int limit = downstream.Gate.Limit;
        rig.Fill(any, limit);
        Assert.False(rig.Wait(any).IsCompleted);
        rig.Time.Pass(5000);

        Assert.True(downstream.Gate.DrainPerSecond < before / 10, $"The drain is still taken to be {downstream.Gate.DrainPerSecond}.");
    }
}
