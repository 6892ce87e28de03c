using System.Runtime.CompilerServices;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// Uses a processor for as much work as takes so long on a free one: counted in rounds and not by the clock, which goes on while
/// another thread has the core.
/// </summary>
internal sealed class Processor(double roundsPerMs)
{
    private const int Sample = 2_000_000;

    public static Processor Calibrate(TimeProvider time)
    {
        double fastest = double.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            long start = time.GetTimestamp();
            Work(Sample);
            fastest = Math.Min(fastest, time.GetElapsedTime(start).TotalMilliseconds);
        }

        return new Processor(Sample / fastest);
    }

    public void Compute(double milliseconds) => Work((long)(roundsPerMs * milliseconds));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Work(long rounds)
    {
        ulong state = 88172645463325252;
        for (long i = 0; i < rounds; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }

        return state;
    }
}
