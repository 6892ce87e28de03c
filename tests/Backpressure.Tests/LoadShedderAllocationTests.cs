using System.Diagnostics.CodeAnalysis;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>The hot path allocates nothing, by the runtime's own count for this thread.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Each is asked for its answer once, after it has completed.")]
public sealed class LoadShedderAllocationTests
{
    private const int Rounds = 20_000;

    public static TheoryData<LimitAlgorithm> Algorithms => [.. Enum.GetValues<LimitAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void FreeGate_AdmitAndComplete_AllocatesNothing(LimitAlgorithm algorithm)
    {
        using var shedder = new LoadShedder(Fixed(8, change: o =>
        {
            o.Downstreams["Default"].Limit = algorithm == LimitAlgorithm.Fixed
                ? new LimitOptions { Algorithm = algorithm, Value = 8 }
                : new LimitOptions { Algorithm = algorithm };
            o.MaxConcurrentRequests = 100;
            o.Policies["Pay"] = new PolicyOptions { Priority = Priority.Critical, Overflow = Overflow.Block, Cost = 2 };
        }));
        RequestClass any = shedder.ClassOf("any");
        RequestClass pay = shedder.ClassOf("pay", "Pay");
        RequestClass probe = shedder.ClassOf("probe", exempt: true);

        AssertAllocatesNothing(() =>
        {
            Run(shedder, new AdmissionRequest(any));
            Run(shedder, new AdmissionRequest(pay) { Priority = Priority.Low, TimeLeft = TimeSpan.FromSeconds(1) });
            Run(shedder, new AdmissionRequest(probe));
        });
    }

    [Theory]
    [InlineData(BackpressureMode.Off)]
    [InlineData(BackpressureMode.Observe)]
    public void NotEnforced_AdmitAndComplete_AllocatesNothing(BackpressureMode mode)
    {
        using var shedder = new LoadShedder(Fixed(8, change: o => o.Mode = mode));
        RequestClass any = shedder.ClassOf("any");

        AssertAllocatesNothing(() => Run(shedder, new AdmissionRequest(any)));
    }

    [Fact]
    public void FullGate_Reject_AllocatesNothing()
    {
        using var shedder = new LoadShedder(Fixed(1, Overflow.Reject), new ManualTimeProvider());
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = Ask(shedder, new AdmissionRequest(any));
        Assert.True(running.IsAdmitted);

        AssertAllocatesNothing(() =>
        {
            AdmissionLease lease = Ask(shedder, new AdmissionRequest(any));
            if (lease.IsAdmitted)
            {
                throw new InvalidOperationException("The gate was not full.");
            }
        });
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void FullGate_WaitAndHandOver_ServesTheSameNodeAgain(bool cancellable, bool partitions)
    {
        string[] tenants = [.. Enumerable.Range(0, 1000).Select(i => $"tenant-{i}")];
        int number = 0;
        using var shedder = new LoadShedder(Fixed(1, Overflow.Block), new ManualTimeProvider());
        using var leaving = new CancellationTokenSource();
        CancellationToken token = cancellable ? leaving.Token : CancellationToken.None;
        RequestClass any = shedder.ClassOf("any");

        AssertAllocatesNothing(() =>
        {
            AdmissionLease first = shedder.AdmitAsync(new AdmissionRequest(any), token).Result;
            string? tenant = partitions ? tenants[++number % tenants.Length] : null;
            ValueTask<AdmissionLease> waiting = shedder.AdmitAsync(new AdmissionRequest(any) { Partition = tenant }, token);
            if (waiting.IsCompleted)
            {
                throw new InvalidOperationException("It did not wait.");
            }

            first.Complete(Outcome.Success);
            AdmissionLease second = waiting.Result;
            second.Complete(Outcome.Success);
        });
    }

    private static void Run(LoadShedder shedder, in AdmissionRequest request)
    {
        AdmissionLease lease = Ask(shedder, request);
        if (!lease.IsAdmitted)
        {
            throw new InvalidOperationException("The gate was not free.");
        }

        lease.ResponseStarted();
        lease.Complete(Outcome.Success);
    }

    private static void AssertAllocatesNothing(Action round)
    {
        for (int i = 0; i < Rounds; i++)
        {
            round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            round();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
