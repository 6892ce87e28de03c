namespace Backpressure.Signals;

/// <summary>
/// The larger of two shares: the container's working set (as Kubernetes evicts by: usage less the inactive page cache) of its limit,
/// or the machine's memory in use where there is no limit; and the managed heap, as the last collection left it, of its own limit.
/// </summary>
internal sealed class MemorySource : ISignalSource
{
    private readonly bool _unified;
    private readonly CounterFile? _limit;
    private readonly CounterFile? _usage;
    private readonly CounterFile? _stat;
    private readonly CounterFile? _machine;
    private int _collections = -1;
    private double _heap;

    /// <param name="group">Where the limit is.</param>
    /// <param name="root">Where <c>proc</c> is.</param>
    public MemorySource(ControlGroup group, string root)
    {
        _unified = group.IsUnified;
        if (group.Memory is { } folder)
        {
            _limit = CounterFile.TryOpen(Path.Combine(folder, _unified ? "memory.max" : "memory.limit_in_bytes"));
            _usage = CounterFile.TryOpen(Path.Combine(folder, _unified ? "memory.current" : "memory.usage_in_bytes"));
            _stat = CounterFile.TryOpen(Path.Combine(folder, "memory.stat"));
        }

        _machine = CounterFile.TryOpen(Path.Combine(root, "proc/meminfo"));
    }

    public string Absence => "Neither a control group, nor the operating system, nor the runtime tells of memory.";

    public double Read(long now) => Math.Max(Container() ?? Machine() ?? 0, Heap());

    public void Dispose()
    {
        _limit?.Dispose();
        _usage?.Dispose();
        _stat?.Dispose();
        _machine?.Dispose();
    }

    private double? Container()
    {
        if (_limit is null || _usage is null || CounterFile.First(_limit.Read()) is not { } limit || CounterFile.First(_usage.Read()) is not { } used || limit <= 0)
        {
            return null;
        }

        double cache = _stat is null ? 0 : CounterFile.Of(_stat.Read(), _unified ? "inactive_file"u8 : "total_inactive_file"u8) ?? 0;
        return Math.Clamp((used - cache) / limit, 0, 1);
    }

    private double? Machine()
    {
        if (_machine is null)
        {
            return null;
        }

        ReadOnlySpan<byte> text = _machine.Read();
        return CounterFile.Of(text, "MemTotal:"u8) is > 0 and { } total && CounterFile.Of(text, "MemAvailable:"u8) is { } free
            ? Math.Clamp((total - free) / total, 0, 1) : null;
    }

    // Asking for it allocates, and it changes only with a collection.
    private double Heap()
    {
        int collections = GC.CollectionCount(0);
        if (collections != _collections)
        {
            _collections = collections;
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            _heap = info.TotalAvailableMemoryBytes > 0 ? Math.Clamp((double)info.HeapSizeBytes / info.TotalAvailableMemoryBytes, 0, 1) : 0;
        }

        return _heap;
    }
}
