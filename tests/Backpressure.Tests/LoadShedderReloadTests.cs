using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

public sealed class LoadShedderReloadTests
{
    [Fact]
    public async Task Reconfigure_ToAHigherLimit_LetsWaitersInAtOnce()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        Task<AdmissionLease>[] waiting = [rig.Wait(any), rig.Wait(any), rig.Wait(any)];

        rig.Shedder.Reconfigure(Fixed(3));

        Assert.All(await Task.WhenAll(waiting[..2]).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), l => Assert.True(l.IsAdmitted));
        Assert.Equal((3, 3, 1), (GateOf(any).Limit, GateOf(any).InFlight, GateOf(any).Waiting));
    }

    [Fact]
    public async Task Reconfigure_OfEverything_LosesNoWaiter()
    {
        using var rig = new ShedderRig(Fixed(2, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease[] running = rig.Fill(any, 2);
        Task<AdmissionLease>[] waiting = [.. Enumerable.Range(0, 10).Select(_ => rig.Wait(any))];

        rig.Shedder.Reconfigure(Fixed(1, Overflow.Reject, o =>
        {
            // Even its policy now goes to another downstream.
            o.Downstreams["Other"] = new DownstreamOptions();
            o.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Reject, Downstream = "Other" };
            o.Downstreams["Default"].Queue = new QueueOptions { Capacity = 0, BlockCapacity = 0 };
        }));

        Assert.Equal("Other", DownstreamOf(any).Name);
        running[0].Complete(Outcome.Success);
        running[1].Complete(Outcome.Success);
        foreach (Task<AdmissionLease> one in waiting)
        {
            AdmissionLease lease = await Answer(one);
            Assert.Equal(AdmissionDecision.Admitted, lease.Decision);
            lease.Complete(Outcome.Success);
        }
    }

    [Theory]
    [InlineData(BackpressureMode.Off)]
    [InlineData(BackpressureMode.Observe)]
    public async Task Reconfigure_ToAModeThatHoldsNothingBack_LetsWaitersThroughAtOnce(BackpressureMode mode)
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease running = rig.Admitted(any);
        Task<AdmissionLease>[] waiting = [rig.Wait(any), rig.Wait(any)];

        rig.Shedder.Reconfigure(Fixed(1, change: o => o.Mode = mode));

        foreach (Task<AdmissionLease> one in waiting)
        {
            AdmissionLease lease = await Answer(one);
            Assert.Equal((true, AdmissionDecision.Bypassed), (lease.IsAdmitted, lease.Decision));
            lease.Complete(Outcome.Success);
        }

        Assert.Equal((1, 0), (GateOf(any).InFlight, GateOf(any).Waiting));
        running.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
        Assert.True(rig.Ask(any).IsAdmitted);
    }

    [Fact]
    public async Task Reconfigure_OfOnePolicyToObserve_LetsOnlyItsWaitersThrough()
    {
        static BackpressureOptions Options(BackpressureMode mode) => Fixed(1, change: o =>
            o.Policies["Trial"] = new PolicyOptions { Mode = mode, MaxWait = TimeSpan.FromSeconds(60) });
        using var rig = new ShedderRig(Options(BackpressureMode.Enforce));
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass trial = rig.Shedder.ClassOf("trial", "Trial");
        AdmissionLease running = rig.Admitted(any);
        Task<AdmissionLease> waitsTrial = rig.Wait(trial);
        Task<AdmissionLease> waits = rig.Wait(any);

        rig.Shedder.Reconfigure(Options(BackpressureMode.Observe));

        Assert.Equal(AdmissionDecision.Bypassed, (await Answer(waitsTrial)).Decision);
        Assert.Equal(1, GateOf(any).Waiting);
        running.Complete(Outcome.Success);
        Assert.Equal(AdmissionDecision.Admitted, (await Answer(waits)).Decision);
    }

    [Fact]
    public void Reconfigure_ToInvalidOptions_KeepsTheLastGoodOnes()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject));
        RequestClass any = rig.Shedder.ClassOf("any");

        Assert.Throws<BackpressureOptionsException>(() => rig.Shedder.Reconfigure(Fixed(-5)));

        rig.Fill(any, 1);
        Assert.Equal(RejectionReason.LimitReached, rig.Ask(any).Reason);
    }

    [Fact]
    public void Reconfigure_FromOffToEnforce_HoldsForTheNextRequest()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Mode = BackpressureMode.Off));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease before = rig.Ask(any);

        rig.Shedder.Reconfigure(Fixed(1, Overflow.Reject));

        AdmissionLease first = rig.Admitted(any);
        Assert.Equal(RejectionReason.LimitReached, rig.Ask(any).Reason);
        before.Complete(Outcome.Success);
        Assert.Equal(1, GateOf(any).InFlight);
        first.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void Reconfigure_FromAdaptiveToFixed_PutsTheFixedLimitInForce()
    {
        using var rig = new ShedderRig(new BackpressureOptions());
        RequestClass any = rig.Shedder.ClassOf("any");
        Assert.Equal(20, GateOf(any).Limit);

        rig.Shedder.Reconfigure(Fixed(7));
        Assert.Equal((7, 7), (GateOf(any).Limit, GateOf(any).Nominal));
        rig.Shedder.Reconfigure(Fixed(9));
        Assert.Equal((9, 9), (GateOf(any).Limit, GateOf(any).Nominal));
    }

    [Fact]
    public async Task Reconfigure_UnderWaitingLoadFromTwoSides_LosesNobody()
    {
        using var rig = new ShedderRig(Fixed(3, Overflow.Block));
        RequestClass any = rig.Shedder.ClassOf("any");
        int[] decided = new int[4];
        bool over = false;
        Task load = Task.Run(
            async () =>
            {
                var waiting = new List<Task<AdmissionLease>>();
                for (int i = 0; i < 20_000; i++)
                {
                    waiting.Add(rig.Shedder.AdmitAsync(new AdmissionRequest(any), CancellationToken.None).AsTask());
                    if (waiting.Count < 20)
                    {
                        continue;
                    }

                    foreach (Task<AdmissionLease> one in waiting)
                    {
                        AdmissionLease lease = await Answer(one);
                        Interlocked.Increment(ref decided[lease.Decision == AdmissionDecision.Bypassed ? 1 : lease.IsAdmitted ? 0 : 2]);
                        lease.Complete(Outcome.Success);
                    }

                    waiting.Clear();
                }

                Volatile.Write(ref over, true);
            },
            TestContext.Current.CancellationToken);
        int reloads = 0;
        while (!Volatile.Read(ref over) && !load.IsCompleted)
        {
            BackpressureMode mode = (BackpressureMode)(reloads % 3);
            rig.Shedder.Reconfigure(Fixed(1 + (reloads++ % 5), Overflow.Block, o => o.Mode = mode));
        }

        await load.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal((20_000, 0), (decided[0] + decided[1], decided[2]));
        Assert.True(reloads > 10, $"Only {reloads} reloads raced.");
        rig.Shedder.Reconfigure(Fixed(3, Overflow.Block));
        Assert.Equal((0, 0, false), (GateOf(any).InFlight, GateOf(any).Waiting, GateOf(any).HasWaiters));
    }
}
