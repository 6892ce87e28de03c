using Backpressure.Signals;
using Xunit;

namespace Backpressure.Tests.Signals;

public sealed class ThreadPoolProbeTests
{
    private readonly ShedderRig.FineTimeProvider _time = new();
    private readonly Queue<IThreadPoolWorkItem> _queued = new();

    [Fact]
    public void Read_GivesTheTimeFromQueueToRun()
    {
        using ThreadPoolProbe probe = Probe();
        Assert.True(double.IsNaN(probe.Read(_time.GetTimestamp())));

        _time.Pass(30);
        _queued.Dequeue().Execute();
        _time.Pass(70);

        Assert.Equal(0.030, probe.Read(_time.GetTimestamp()), 6);
    }

    [Fact]
    public void Read_WhileNothingRuns_GrowsAndQueuesNoMore()
    {
        using ThreadPoolProbe probe = Probe();
        probe.Read(_time.GetTimestamp());
        for (int tenth = 1; tenth <= 20; tenth++)
        {
            _time.Pass(100);
            Assert.Equal(tenth / 10.0, probe.Read(_time.GetTimestamp()), 6);
        }

        Assert.Single(_queued);
    }

    [Fact]
    public void Read_AfterItRanAgain_FallsBack()
    {
        using ThreadPoolProbe probe = Probe();
        probe.Read(_time.GetTimestamp());
        _time.Pass(500);
        _queued.Dequeue().Execute();
        Assert.Equal(0.5, probe.Read(_time.GetTimestamp()), 6);

        _queued.Dequeue().Execute();
        _time.Pass(100);
        Assert.Equal(0, probe.Read(_time.GetTimestamp()), 6);
    }

    [Fact]
    public void Read_AllocatesNothing()
    {
        // The clock of the tests may allocate where it is moved, so it stands.
        IThreadPoolWorkItem? queued = null;
        using var probe = new ThreadPoolProbe(_time, work => queued = work);
        Look();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Look();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Look()
        {
            probe.Read(_time.GetTimestamp());
            queued!.Execute();
        }
    }

    [Fact]
    public async Task Read_OnTheRealPool_GetsAnAnswer()
    {
        using var probe = new ThreadPoolProbe(TimeProvider.System);
        probe.Read(TimeProvider.System.GetTimestamp());

        // Asked again until the pool has run it: that is not waiting by the clock.
        for (int tries = 0; tries < 100_000 && double.IsNaN(probe.Read(TimeProvider.System.GetTimestamp())); tries++)
        {
            await Task.Yield();
        }

        Assert.InRange(probe.Read(TimeProvider.System.GetTimestamp()), 0, 60);
    }

    private ThreadPoolProbe Probe() => new(_time, _queued.Enqueue);
}
