using System.Globalization;
using System.Runtime.InteropServices;

namespace Backpressure.Benchmarks.Live;

/// <summary>Where the figures come from.</summary>
/// <param name="LoadAverage">Of the minute before, by the kernel: what else the machine was doing.</param>
internal sealed record Machine(int Processors, string Model, string System, string Runtime, string Pinning, double? LoadAverage, string Date)
{
    public static Machine Describe(Cores? cores, TimeProvider time) => new(
        Environment.ProcessorCount,
        FromFile("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        FromFile("/etc/os-release", "PRETTY_NAME")?.Trim('"') is { } name ? $"{name}, kernel {Environment.OSVersion.Version}" : RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        cores is null ? "none" : string.Create(CultureInfo.InvariantCulture, $"server on core {cores.Server}, load on core {cores.Load}"),
        File.Exists("/proc/loadavg") ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : null,
        time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Processors} processors ({Model}), {System}, {Runtime}; {Pinning}; load average before: {LoadAverage:0.00}; {Date}");

    private static string? FromFile(string file, string key) => !File.Exists(file)
        ? null
        : File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))?.Split([':', '='], 2)[1].Trim();
}
