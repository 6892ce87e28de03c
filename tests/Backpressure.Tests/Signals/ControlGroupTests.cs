using System.Text;
using Backpressure.Signals;
using Xunit;

namespace Backpressure.Tests.Signals;

public sealed class ControlGroupTests
{
    private const double Tick = 1000;

    [Fact]
    public void Cpu_OfAContainerWithAQuota_IsItsUseOfThatQuota()
    {
        using MachineFiles files = Unified().Write("sys/fs/cgroup/cpu.max", "50000 100000\n").Write("sys/fs/cgroup/cpu.stat", "usage_usec 1000000\nuser_usec 9\n");
        using CpuSource cpu = Cpu(files);
        Assert.True(double.IsNaN(cpu.Read(0)));

        files.Write("sys/fs/cgroup/cpu.stat", "usage_usec 1400000\nuser_usec 9\n");

        // 0.4 s of processor time in 1 s, of half a processor.
        Assert.Equal(0.8, cpu.Read((long)Tick), 9);
    }

    [Fact]
    public void Cpu_WhoseQuotaIsChanged_IsMeasuredByTheNewOne()
    {
        using MachineFiles files = Unified().Write("sys/fs/cgroup/cpu.max", "50000 100000\n").Write("sys/fs/cgroup/cpu.stat", "usage_usec 0\n");
        using CpuSource cpu = Cpu(files);
        cpu.Read(0);
        files.Write("sys/fs/cgroup/cpu.max", "200000 100000\n").Write("sys/fs/cgroup/cpu.stat", "usage_usec 1000000\n");

        Assert.Equal(0.5, cpu.Read((long)Tick), 9);
    }

    [Fact]
    public void Cpu_OfVersionOne_IsReadInItsOwnUnits()
    {
        using MachineFiles files = new MachineFiles()
            .Write("proc/self/cgroup", "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n")
            .Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n")
            .Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
            .Write("sys/fs/cgroup/cpuacct/cpuacct.usage", "0\n");
        using CpuSource cpu = Cpu(files);
        cpu.Read(0);
        files.Write("sys/fs/cgroup/cpuacct/cpuacct.usage", "1500000000\n");

        Assert.Equal(0.75, cpu.Read((long)Tick), 9);
    }

    [Theory]
    [InlineData("max 100000\n")]
    [InlineData("")]
    public void Cpu_WithoutAQuota_IsTheMachines(string quota)
    {
        using MachineFiles files = Unified().Write("sys/fs/cgroup/cpu.max", quota).Write("proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 1 1 1\n");
        using CpuSource cpu = Cpu(files);
        cpu.Read(0);
        files.Write("proc/stat", "cpu  150 0 130 810 10 0 0 0 5 0\ncpu0 1 1 1 1\n");

        // 80 ticks of work, 20 of idleness and waiting for disks; guests are contained in the first.
        Assert.Equal(0.8, cpu.Read((long)Tick), 9);
    }

    [Fact]
    public void Cpu_WhereNoFileTells_IsThisProcessOfAllProcessors()
    {
        using var files = new MachineFiles();
        using CpuSource cpu = Cpu(files);
        cpu.Read(0);

        Assert.InRange(cpu.Read((long)Tick), 0, 1);
    }

    [Fact]
    public void Cpu_AskedAgainTooSoon_GivesTheLastShare()
    {
        using MachineFiles files = Unified().Write("sys/fs/cgroup/cpu.max", "100000 100000\n").Write("sys/fs/cgroup/cpu.stat", "usage_usec 0\n");
        using CpuSource cpu = Cpu(files);
        cpu.Read(0);
        files.Write("sys/fs/cgroup/cpu.stat", "usage_usec 500000\n");
        Assert.Equal(0.5, cpu.Read((long)Tick), 9);

        files.Write("sys/fs/cgroup/cpu.stat", "usage_usec 510000\n");
        Assert.Equal(0.5, cpu.Read((long)Tick + 10), 9);
    }

    [Fact]
    public void Memory_OfAContainer_IsItsWorkingSetOfItsLimit()
    {
        using MachineFiles files = Unified()
            .Write("sys/fs/cgroup/memory.max", "4000000000000\n")
            .Write("sys/fs/cgroup/memory.current", "3900000000000\n")
            .Write("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 300000000000\nactive_file 7\n");
        using var memory = new MemorySource(ControlGroup.Find(files.Root), files.Root);

        Assert.Equal(0.9, memory.Read(0), 6);
    }

    [Fact]
    public void Memory_OfVersionOne_IsReadFromItsFiles()
    {
        using MachineFiles files = new MachineFiles()
            .Write("proc/self/cgroup", "5:memory:/\n")
            .Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000000000\n")
            .Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "3000000000000\n")
            .Write("sys/fs/cgroup/memory/memory.stat", "cache 1\ntotal_inactive_file 1000000000000\n");
        using var memory = new MemorySource(ControlGroup.Find(files.Root), files.Root);

        Assert.Equal(0.5, memory.Read(0), 6);
    }

    [Fact]
    public void Memory_OfTheHeap_CountsWhereItIsTheLargerShare()
    {
        using MachineFiles files = Unified()
            .Write("sys/fs/cgroup/memory.max", "4000000000000\n").Write("sys/fs/cgroup/memory.current", "1\n").Write("sys/fs/cgroup/memory.stat", "inactive_file 0\n");
        GC.Collect();
        using var memory = new MemorySource(ControlGroup.Find(files.Root), files.Root);
        double share = memory.Read(0);

        // The same question is answered for the last collection, which may be a later one by now: alike, not equal.
        GCMemoryInfo heap = GC.GetGCMemoryInfo();
        Assert.Equal((double)heap.HeapSizeBytes / heap.TotalAvailableMemoryBytes, share, 0.02);
        Assert.InRange(share, 1e-6, 1);
    }

    [Theory]
    [InlineData("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")]
    [InlineData("sys/fs/cgroup/memory/unrelated", "1\n")]
    public void Memory_WithoutALimit_IsTheMachines(string path, string text)
    {
        using MachineFiles files = new MachineFiles()
            .Write("proc/self/cgroup", "5:memory:/\n")
            .Write(path, text)
            .Write("proc/meminfo", "MemTotal:       1000000 kB\nMemFree:  1 kB\nMemAvailable:   70000 kB\n");
        using var memory = new MemorySource(ControlGroup.Find(files.Root), files.Root);

        Assert.Equal(0.93, memory.Read(0), 6);
    }

    [Fact]
    public void Find_OfNestedGroups_TakesTheTightestLimit()
    {
        using MachineFiles files = new MachineFiles()
            .Write("proc/self/cgroup", "0::/pod/app\n")
            .Write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
            .Write("sys/fs/cgroup/pod/cpu.max", "100000 100000\n")
            .Write("sys/fs/cgroup/pod/app/cpu.max", "max 100000\n")
            .Write("sys/fs/cgroup/pod/memory.max", "5000\n")
            .Write("sys/fs/cgroup/pod/app/memory.max", "4000\n");

        ControlGroup group = ControlGroup.Find(files.Root);

        Assert.Equal((files.Of("sys/fs/cgroup/pod"), files.Of("sys/fs/cgroup/pod/app")), (group.Cpu, group.Memory));
    }

    [Fact]
    public void Find_WhereTheOuterPathDoesNotExistInside_TakesTheMount()
    {
        using MachineFiles files = new MachineFiles()
            .Write("proc/self/cgroup", "0::/kubepods/pod7/container\n")
            .Write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
            .Write("sys/fs/cgroup/memory.max", "4000\n");

        Assert.Equal(files.Of("sys/fs/cgroup"), ControlGroup.Find(files.Root).Memory);
    }

    [Fact]
    public void Find_OnASystemWithoutGroups_FindsNone()
    {
        using var files = new MachineFiles();
        ControlGroup group = ControlGroup.Find(files.Root);

        Assert.Equal((null, null), (group.Cpu, group.Memory));
    }

    [Theory]
    [InlineData("12 34", 12.0, 34.0)]
    [InlineData("max 100000", null, 100000.0)]
    [InlineData("-1", null, null)]
    [InlineData("", null, null)]
    public void CounterFile_ReadsWhatIsANumber(string text, double? first, double? second) =>
        Assert.Equal((first, second), (CounterFile.First(Encoding.UTF8.GetBytes(text)), CounterFile.Second(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void Reads_AllocateNothing()
    {
        using MachineFiles files = Unified()
            .Write("sys/fs/cgroup/cpu.max", "50000 100000\n").Write("sys/fs/cgroup/cpu.stat", "usage_usec 1000000\n")
            .Write("sys/fs/cgroup/memory.max", "4000\n").Write("sys/fs/cgroup/memory.current", "3000\n").Write("sys/fs/cgroup/memory.stat", "inactive_file 3\n");
        using CpuSource cpu = Cpu(files);
        using var memory = new MemorySource(ControlGroup.Find(files.Root), files.Root);
        using var collections = new GarbageCollectionSource((long)Tick);
        long now = 0;
        long allocated = 0;
        // A collection in the middle of a round makes the memory source ask for what it left, which allocates: the least counts.
        for (int round = 0; round < 20; round++)
        {
            int before = GC.CollectionCount(0);
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                now += 100;
                cpu.Read(now);
                memory.Read(now);
                collections.Read(now);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - bytes;
            if (round > 0 && GC.CollectionCount(0) == before && allocated == 0)
            {
                break;
            }
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void GarbageCollection_IsTheShareOfTheTimeThatWasPaused() => Assert.All(
        [(0.05, 0.1, 0.5), (0.2, 0.1, 1.0), (0.0, 0.1, 0.0), (0.1, 0.0, 0.0)],
        c => Assert.Equal(c.Item3, GarbageCollectionSource.ShareOf(TimeSpan.FromSeconds(c.Item1), (long)(c.Item2 * Tick), (long)Tick), 9));

    private static MachineFiles Unified() =>
        new MachineFiles().Write("proc/self/cgroup", "0::/\n").Write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");

    private static CpuSource Cpu(MachineFiles files) => new(ControlGroup.Find(files.Root), files.Root, (long)Tick);
}
