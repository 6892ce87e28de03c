namespace Backpressure.Signals;

/// <summary>
/// The control groups (Linux) that limit this process: version 2, or the version 1 hierarchies <c>cpu</c> and <c>memory</c>. Of a
/// group and those above it the tightest limit counts. Source: the kernel's documentation, cgroup-v2 and cgroup-v1/memory.
/// </summary>
internal sealed class ControlGroup
{
    private const double MicrosecondsPerSecond = 1e6;

    private ControlGroup(string? cpu, string? memory, bool unified)
    {
        Cpu = cpu;
        Memory = memory;
        IsUnified = unified;
    }

    /// <summary>The folder of the group with the tightest processor quota; null: there is no quota.</summary>
    public string? Cpu { get; }

    /// <summary>The folder of the group with the tightest memory limit; null: there is no limit.</summary>
    public string? Memory { get; }

    /// <summary>Version 2.</summary>
    public bool IsUnified { get; }

    /// <summary>Looks for them. Finds none where there are none, or on other systems.</summary>
    /// <param name="root">The file system's root.</param>
    public static ControlGroup Find(string root)
    {
        try
        {
            string own = Path.Combine(root, "proc/self/cgroup");
            string mount = Path.Combine(root, "sys/fs/cgroup");
            if (!File.Exists(own))
            {
                return new ControlGroup(null, null, unified: true);
            }

            string[] lines = File.ReadAllLines(own);
            bool unified = File.Exists(Path.Combine(mount, "cgroup.controllers"));
            return unified
                ? new ControlGroup(
                    Tightest(mount, PathIn(lines, string.Empty), QuotaUnified),
                    Tightest(mount, PathIn(lines, string.Empty), folder => LimitIn(Path.Combine(folder, "memory.max"))),
                    unified: true)
                : new ControlGroup(
                    Tightest(Path.Combine(mount, "cpu"), PathIn(lines, "cpu"), QuotaSplit),
                    Tightest(Path.Combine(mount, "memory"), PathIn(lines, "memory"), folder => LimitIn(Path.Combine(folder, "memory.limit_in_bytes"))),
                    unified: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ControlGroup(null, null, unified: true);
        }
    }

    /// <summary>Processors that a quota amounts to; null: no quota.</summary>
    /// <param name="quota">What <c>cpu.max</c> holds: quota (or <c>max</c>) and period, in µs.</param>
    public static double? QuotaOf(ReadOnlySpan<byte> quota) =>
        CounterFile.First(quota) is { } share && CounterFile.Second(quota) is > 0 and { } period ? share / period : null;

    /// <summary>The same of version 1, which has a file for each.</summary>
    /// <param name="quota">What <c>cpu.cfs_quota_us</c> holds; negative: no quota.</param>
    /// <param name="period">What <c>cpu.cfs_period_us</c> holds.</param>
    public static double? QuotaOf(ReadOnlySpan<byte> quota, ReadOnlySpan<byte> period) =>
        CounterFile.First(quota) is { } share && CounterFile.First(period) is > 0 and { } span ? share / span : null;

    public static double SecondsOf(double microseconds) => microseconds / MicrosecondsPerSecond;

    // "0::/a/b" for version 2; "4:cpu,cpuacct:/a/b" for a hierarchy of version 1.
    private static string PathIn(string[] lines, string controller)
    {
        foreach (string line in lines)
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length == 3 && parts[1].Split(',').Contains(controller))
            {
                return parts[2].Trim('/');
            }
        }

        return string.Empty;
    }

    // In a container the path may be that outside of it, which does not exist inside: then the mount itself is the group.
    private static string? Tightest(string mount, string path, Func<string, double?> limitOf)
    {
        string? tightest = null;
        double least = double.PositiveInfinity;
        string folder = Path.Combine(mount, path);
        while (true)
        {
            if (limitOf(folder) is { } limit && limit < least)
            {
                (tightest, least) = (folder, limit);
            }

            if (folder.Length <= mount.Length)
            {
                return tightest;
            }

            folder = Path.GetDirectoryName(folder) ?? mount;
        }
    }

    private static double? QuotaUnified(string folder)
    {
        using CounterFile? file = CounterFile.TryOpen(Path.Combine(folder, "cpu.max"));
        return file is null ? null : QuotaOf(file.Read());
    }

    private static double? QuotaSplit(string folder)
    {
        using CounterFile? quota = CounterFile.TryOpen(Path.Combine(folder, "cpu.cfs_quota_us"));
        using CounterFile? period = CounterFile.TryOpen(Path.Combine(folder, "cpu.cfs_period_us"));
        return quota is null || period is null ? null : QuotaOf(quota.Read(), period.Read());
    }

    // Version 1 has no word for "no limit" but the largest number of pages.
    private static double? LimitIn(string path)
    {
        using CounterFile? file = CounterFile.TryOpen(path);
        return file is not null && CounterFile.First(file.Read()) is { } limit && limit < long.MaxValue / 2 ? limit : null;
    }
}
