namespace Backpressure.Signals;

/// <summary>
/// The share of processor time in use since the last look: of the quota by the container, where there is one; of the machine by
/// everybody on it (Linux); otherwise of the machine by this process.
/// </summary>
internal sealed class CpuSource : ISignalSource
{
    /// <summary>Kernels count by the tick of 1 to 10 ms: over less than this the share is a matter of chance.</summary>
    private const double LeastSeconds = 0.05;

    private readonly long _ticksPerSecond;
    private readonly bool _unified;
    private readonly CounterFile? _quota;
    private readonly CounterFile? _period;
    private readonly CounterFile? _usage;
    private readonly CounterFile? _machine;
    private double _used = double.NaN;
    private double _available;
    private double _share = double.NaN;
    private long _readAt;

    /// <param name="group">Where the quota is.</param>
    /// <param name="root">Where <c>proc</c> is.</param>
    /// <param name="ticksPerSecond">The clock's resolution.</param>
    public CpuSource(ControlGroup group, string root, long ticksPerSecond)
    {
        _ticksPerSecond = ticksPerSecond;
        _unified = group.IsUnified;
        if (group.Cpu is { } folder)
        {
            _quota = CounterFile.TryOpen(Path.Combine(folder, _unified ? "cpu.max" : "cpu.cfs_quota_us"));
            _period = _unified ? null : CounterFile.TryOpen(Path.Combine(folder, "cpu.cfs_period_us"));
            _usage = CounterFile.TryOpen(_unified ? Path.Combine(folder, "cpu.stat") : Path.Combine(folder.Replace("/cpu", "/cpuacct", StringComparison.Ordinal), "cpuacct.usage"))
                ?? CounterFile.TryOpen(Path.Combine(folder, "cpuacct.usage"));
        }

        _machine = CounterFile.TryOpen(Path.Combine(root, "proc/stat"));
    }

    public string Absence => "Neither a control group nor the operating system tells of processor time.";

    public double Read(long now)
    {
        double seconds = (double)(now - _readAt) / _ticksPerSecond;
        if (!double.IsNaN(_used) && seconds < LeastSeconds)
        {
            return _share;
        }

        (double used, double available) = Totals(now);
        if (!double.IsNaN(_used) && available > _available)
        {
            _share = Math.Clamp((used - _used) / (available - _available), 0, 1);
        }

        (_used, _available, _readAt) = (used, available, now);
        return _share;
    }

    public void Dispose()
    {
        _quota?.Dispose();
        _period?.Dispose();
        _usage?.Dispose();
        _machine?.Dispose();
    }

    /// <summary>Processor time used, and that could have been, of all processors of a machine.</summary>
    /// <param name="stat">What <c>/proc/stat</c> holds.</param>
    internal static (double Used, double Available)? MachineTotals(ReadOnlySpan<byte> stat)
    {
        if (!stat.StartsWith("cpu "u8))
        {
            return null;
        }

        // user nice system idle iowait irq softirq steal; what follows is contained in the first two.
        int end = stat.IndexOf((byte)'\n');
        ReadOnlySpan<byte> rest = (end < 0 ? stat : stat[..end])["cpu ".Length..];
        double all = 0;
        double idle = 0;
        for (int field = 0; field < 8; field++)
        {
            rest = rest.TrimStart((byte)' ');
            if (CounterFile.First(rest) is not { } ticks)
            {
                break;
            }

            all += ticks;
            idle += field is 3 or 4 ? ticks : 0;
            int space = rest.IndexOf((byte)' ');
            rest = space < 0 ? default : rest[space..];
        }

        return (all - idle, all);
    }

    private (double Used, double Available) Totals(long now)
    {
        if (QuotaNow() is { } processors && UsageNow() is { } used)
        {
            // Summed up, so that a quota that is changed counts from its change on.
            return (used, _available + (processors * Math.Max(0, now - _readAt) / _ticksPerSecond));
        }

        if (_machine is not null && MachineTotals(_machine.Read()) is { } machine)
        {
            return machine;
        }

        return OperatingSystem.IsBrowser()
            ? (0, 0)
            : (Environment.CpuUsage.TotalTime.TotalSeconds, (double)now / _ticksPerSecond * Environment.ProcessorCount);
    }

    private double? QuotaNow() => _quota is null ? null
        : _unified ? ControlGroup.QuotaOf(_quota.Read())
        : _period is null ? null
        : ControlGroup.QuotaOf(_quota.Read(), _period.Read());

    private double? UsageNow() => _usage is null ? null
        : _unified ? (CounterFile.Of(_usage.Read(), "usage_usec"u8) is { } micro ? ControlGroup.SecondsOf(micro) : null)
        : CounterFile.First(_usage.Read()) is { } nano ? nano / 1e9 : null;
}
