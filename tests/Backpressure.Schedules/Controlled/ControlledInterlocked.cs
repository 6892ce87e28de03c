using Microsoft.Coyote.Runtime;

namespace Backpressure.Schedules.Controlled;

/// <summary>
/// Stands for <see cref="System.Threading.Interlocked"/>, of which Coyote knows all but what came after .NET 8: the
/// exchange of other values than references and numbers.
/// </summary>
internal static class ControlledInterlocked
{
    public static int Add(ref int location, int value) => System.Threading.Interlocked.Add(ref location, value);

    public static long Add(ref long location, long value) => System.Threading.Interlocked.Add(ref location, value);

    public static long And(ref long location, long value) => System.Threading.Interlocked.And(ref location, value);

    public static int Increment(ref int location) => System.Threading.Interlocked.Increment(ref location);

    public static uint Increment(ref uint location) => System.Threading.Interlocked.Increment(ref location);

    public static long Increment(ref long location) => System.Threading.Interlocked.Increment(ref location);

    public static int Decrement(ref int location) => System.Threading.Interlocked.Decrement(ref location);

    public static long Decrement(ref long location) => System.Threading.Interlocked.Decrement(ref location);

    public static int CompareExchange(ref int location, int value, int comparand) =>
        System.Threading.Interlocked.CompareExchange(ref location, value, comparand);

    public static long CompareExchange(ref long location, long value, long comparand) =>
        System.Threading.Interlocked.CompareExchange(ref location, value, comparand);

    public static T CompareExchange<T>(ref T location, T value, T comparand)
        where T : class? =>
        System.Threading.Interlocked.CompareExchange(ref location, value, comparand);

    public static T Exchange<T>(ref T location, T value)
    {
        // From one scheduling point to the next nobody else runs.
        SchedulingPoint.Interleave();
        T before = location;
        location = value;
        return before;
    }

    /// <summary>Every step that Coyote schedules sees all that came before it.</summary>
    public static void MemoryBarrier() => SchedulingPoint.Interleave();
}
