using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

// The system's clock is one for all.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Backpressure.Schedules;

internal static class AssemblySetup
{
    // Of a schedule's threads one runs at a time, and handing over within one core takes half the time.
    [ModuleInitializer]
    public static void StayOnOneCore()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            using Process self = Process.GetCurrentProcess();
            long cores = self.ProcessorAffinity;
            self.ProcessorAffinity = (nint)(cores & -cores);
        }
    }
}
