using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Backpressure.Benchmarks.Live;

/// <summary>A core for the server and another for the load generator, so that neither takes the other's time.</summary>
internal sealed record Cores(int Server, int Load)
{
    /// <summary>The first two cores that this process may use; <see langword="null"/>: the system cannot pin, or has but one.</summary>
    public static Cores? Choose()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        using Process self = Process.GetCurrentProcess();
        long mask = self.ProcessorAffinity;
        int[] allowed = [.. Enumerable.Range(0, 64).Where(core => (mask >> core & 1) == 1).Take(2)];
        return allowed is [int server, int load] ? new Cores(server, load) : null;
    }

    /// <summary>
    /// Starts a process on a core. It is pinned from its first instruction on, since it inherits the core from the thread
    /// that starts it, and so its runtime knows that it has but one; pinned later, it would make threads for all of them.
    /// </summary>
    [SupportedOSPlatform("linux")]
    public static T StartOn<T>(int core, Func<T> start)
    {
        T? started = default;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                ulong mask = 1UL << core;
                if (SetAffinity(0, sizeof(ulong), in mask) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError());
                }

                started = start();
            }
            catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? started! : throw new InvalidOperationException($"No process could be started on core {core}: {failure.Message}", failure);
    }

    // 0: the calling thread.
    [DllImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAffinity(int thread, nint size, in ulong mask);
}
