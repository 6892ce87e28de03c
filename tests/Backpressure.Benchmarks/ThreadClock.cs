using System.Runtime.InteropServices;

namespace Backpressure.Benchmarks;

/// <summary>
/// What the calling thread has used of a processor, where the system tells (Linux); the time elsewhere. A machine that is
/// busy with something else takes turns away from a subject, and those are not its cost.
/// </summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Nanoseconds since some moment.</summary>
    public static double Nanoseconds()
    {
        if (OperatingSystem.IsLinux() && GetTime(ThreadCpuTime, out Timespec used) == 0)
        {
            return (used.Seconds * 1e9) + used.Nanoseconds;
        }

        return TimeProvider.System.GetTimestamp() * 1e9 / TimeProvider.System.TimestampFrequency;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
