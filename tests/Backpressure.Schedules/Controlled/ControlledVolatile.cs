namespace Backpressure.Schedules.Controlled;

/// <summary>
/// Stands for <see cref="System.Threading.Volatile"/>, which Coyote knows: only so that draining the meter's ring, which
/// reads a thousand cells, is not a thousand steps of every schedule that is about something else.
/// </summary>
internal static class ControlledVolatile
{
    /// <summary>Whether the meter's ring is what is tested; only its cells are of this type.</summary>
    public static bool RingIsShared { get; set; }

    public static ulong Read(ref readonly ulong location) => RingIsShared ? System.Threading.Volatile.Read(in location) : location;

    public static void Write(ref ulong location, ulong value)
    {
        if (RingIsShared)
        {
            System.Threading.Volatile.Write(ref location, value);
        }
        else
        {
            location = value;
        }
    }

    public static bool Read(ref readonly bool location) => System.Threading.Volatile.Read(in location);

    public static void Write(ref bool location, bool value) => System.Threading.Volatile.Write(ref location, value);

    public static int Read(ref readonly int location) => System.Threading.Volatile.Read(in location);

    public static void Write(ref int location, int value) => System.Threading.Volatile.Write(ref location, value);

    public static uint Read(ref readonly uint location) => System.Threading.Volatile.Read(in location);

    public static void Write(ref uint location, uint value) => System.Threading.Volatile.Write(ref location, value);

    public static long Read(ref readonly long location) => System.Threading.Volatile.Read(in location);

    public static void Write(ref long location, long value) => System.Threading.Volatile.Write(ref location, value);

    public static double Read(ref readonly double location) => System.Threading.Volatile.Read(in location);

    public static void Write(ref double location, double value) => System.Threading.Volatile.Write(ref location, value);

    public static T Read<T>(ref readonly T location)
        where T : class? =>
        System.Threading.Volatile.Read(in location);

    public static void Write<T>(ref T location, T value)
        where T : class? =>
        System.Threading.Volatile.Write(ref location, value);
}
