using System.Globalization;
using System.Runtime.InteropServices;

namespace Backpressure.Benchmarks;

/// <summary>Where and when something was measured, and how busy it was there.</summary>
/// <param name="Processors">Logical ones.</param>
/// <param name="Processor">Its model.</param>
/// <param name="System">The operating system.</param>
/// <param name="Runtime">The .NET.</param>
/// <param name="Load">The average of those that want to run, over the last minute; null: the system does not say.</param>
/// <param name="Date">When it began, in UTC.</param>
internal sealed record Machine(int Processors, string Processor, string System, string Runtime, double? Load, string Date)
{
    public static Machine Now() => new(
        Environment.ProcessorCount,
        ProcessorModel(),
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.ProcessArchitecture}",
        RuntimeInformation.FrameworkDescription,
        LoadNow(),
        TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Processors} × {Processor}, {System}, {Runtime}, load {Load?.ToString("0.0", CultureInfo.InvariantCulture) ?? "unknown"} at the start, {Date}.");

    private static string ProcessorModel()
    {
        const string File = "/proc/cpuinfo";
        string? line = OperatingSystem.IsLinux() && global::System.IO.File.Exists(File)
            ? global::System.IO.File.ReadLines(File).FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line is null ? "processors" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static double? LoadNow()
    {
        const string File = "/proc/loadavg";
        return OperatingSystem.IsLinux() && global::System.IO.File.Exists(File)
            ? double.Parse(global::System.IO.File.ReadAllText(File).Split(' ')[0], CultureInfo.InvariantCulture)
            : null;
    }
}
