using System.Runtime.InteropServices;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// Waits of parts of a millisecond. .NET's own end at whole milliseconds, one too late on average: 2 % of a service time
/// of 40 ms, which is as much as the claims leave.
/// </summary>
internal static class FineSleep
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(1);
    private static readonly ManualResetEventSlim Never = new();

    /// <summary>Sleeps until a timestamp, but at least so long and at most a millisecond.</summary>
    public static void Until(long timestamp, TimeSpan atLeast, TimeProvider time)
    {
        long now = time.GetTimestamp();
        TimeSpan left = timestamp <= now ? TimeSpan.Zero : time.GetElapsedTime(now, timestamp);
        TimeSpan sleep = left > Longest ? Longest : left < atLeast ? atLeast : left;
        if (OperatingSystem.IsLinux())
        {
            _ = Sleep((uint)sleep.TotalMicroseconds);
        }
        else
        {
            Never.Wait(1);
        }
    }

    [DllImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sleep(uint microseconds);
}
