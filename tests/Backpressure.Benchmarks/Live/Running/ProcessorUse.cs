using System.Diagnostics;

namespace Backpressure.Benchmarks.Live;

/// <summary>How much of a core this process has used.</summary>
internal sealed class ProcessorUse(TimeProvider time)
{
    private TimeSpan _usedBefore = Used();
    private long _since = time.GetTimestamp();

    public void Restart() => (_usedBefore, _since) = (Used(), time.GetTimestamp());

    public double Share() => (Used() - _usedBefore) / time.GetElapsedTime(_since);

    private static TimeSpan Used()
    {
        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }
}
