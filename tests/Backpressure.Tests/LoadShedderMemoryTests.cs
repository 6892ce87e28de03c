using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>What is kept of those that are gone while the slot that they waited for is still held.</summary>
public sealed class LoadShedderMemoryTests
{
    private const int Waiters = 6000;

    // As many nodes as serve again, and two at hand.
    private const int MostKept = 1024;

    [Fact]
    public void Cancelled_LeaveNothingBehindButNodesToServeAgain()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Block, o => o.Downstreams["Default"].Queue = new QueueOptions { BlockCapacity = Waiters }));
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease running = rig.Admitted(any);

        (List<WeakReference> tokens, List<WeakReference> nodes) = WaitAndLeave(rig, any);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.Equal((Waiters, Waiters), (tokens.Count, nodes.Count));
        Assert.DoesNotContain(tokens, token => token.IsAlive);
        Assert.InRange(nodes.Count(node => node.IsAlive), 1, MostKept);
        Assert.Equal((1, 0, false), (GateOf(any).InFlight, GateOf(any).Waiting, GateOf(any).HasWaiters));
        running.Complete(Outcome.Success);
    }

    // On a stack frame of its own, which is gone when what is left is counted.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (List<WeakReference> Tokens, List<WeakReference> Nodes) WaitAndLeave(ShedderRig rig, RequestClass any)
    {
        var leaving = new List<CancellationTokenSource>();
        var waiting = new List<Task<AdmissionLease>>();
        for (int i = 0; i < Waiters; i++)
        {
            leaving.Add(new CancellationTokenSource());
            waiting.Add(rig.WaitOrLeave(new AdmissionRequest(any), leaving[i].Token));
        }

        var nodes = new List<WeakReference>();
        DownstreamOf(any).Release(node =>
        {
            nodes.Add(new WeakReference(node));
            return false;
        });
        leaving.ForEach(token => token.Cancel());
        Assert.All(waiting, wait => Assert.Equal(RejectionReason.ClientAborted, wait.GetAwaiter().GetResult().Reason));
        return ([.. leaving.Select(token => new WeakReference(token))], nodes);
    }
}
