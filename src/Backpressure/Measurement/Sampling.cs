using System.Numerics;
using System.Runtime.CompilerServices;

namespace Backpressure.Measurement;

/// <summary>
/// Which requests are measured. A law needs some hundred service times a window, and two readings of the clock are most
/// of what a decision costs: below 20 000 requests a second every one is measured, above it one of 2, 4 … 64, and that one
/// stands for so many.
/// </summary>
/// <remarks>
/// Chosen on arrival, so that neither a short service nor a long one makes it likelier to be chosen; and along the
/// golden ratio's multiples, which are spread evenly over any run of numbers and fall in step with no pattern of arrivals
/// (every other one of another route, say).
/// </remarks>
internal sealed class Sampling
{
    /// <summary>So many samples a second are left at least: five hundred in the shortest window.</summary>
    public const int Enough = 10_000;

    /// <summary>Beyond it the clock no longer counts.</summary>
    public const int MaxShift = 6;

    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    /// <summary>A look no later than this after the last, or nobody knows what has passed since.</summary>
    private const int LooksPerSecond = 200;

    private readonly Lock _lock = new();
    private readonly long _ticksPerSecond;
    private readonly uint _counterMask;
    private long _lookedAt;
    private uint _completed;
    private int _shift;

    /// <summary>Begins with measuring everything.</summary>
    /// <param name="counterBits">The width of the completion counter that it is shown.</param>
    /// <param name="ticksPerSecond">The clock's resolution.</param>
    /// <param name="now">The time.</param>
    public Sampling(int counterBits, long ticksPerSecond, long now)
    {
        _counterMask = (1u << counterBits) - 1;
        _ticksPerSecond = ticksPerSecond;
        _lookedAt = now;
    }

    /// <summary>One of 2^Shift is measured.</summary>
    public int Shift => Volatile.Read(ref _shift);

    /// <summary>Beyond it fewer are not measured, however many come; 0: everything is, as below <see cref="Enough"/>.</summary>
    internal int MostShift { get; set; } = MaxShift;

    /// <summary>How many requests this one stands for; 0: it is not measured.</summary>
    /// <param name="number">Its number among those that its thread has admitted.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int WeightOf(long number)
    {
        int shift = Volatile.Read(ref _shift);
        return (ulong)number * Golden <= ulong.MaxValue >> shift ? 1 << shift : 0;
    }

    /// <summary>Goes by the rate since the last look, unless that was a moment ago or another thread is at it.</summary>
    /// <param name="completed">The completion counter, which wraps.</param>
    /// <param name="now">The time.</param>
    public void Look(uint completed, long now)
    {
        if (now - Volatile.Read(ref _lookedAt) < _ticksPerSecond / LooksPerSecond || !_lock.TryEnter())
        {
            return;
        }

        try
        {
            // Another may have looked between that question and the lock: a rate over next to no time would be any.
            if (now - _lookedAt >= _ticksPerSecond / LooksPerSecond)
            {
                double seconds = (double)(now - _lookedAt) / _ticksPerSecond;
                Volatile.Write(ref _shift, Math.Min(MostShift, ShiftAt(((completed - _completed) & _counterMask) / seconds)));
                _completed = completed;
                Volatile.Write(ref _lookedAt, now);
            }
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>The most of which <see cref="Enough"/> a second are left.</summary>
    internal static int ShiftAt(double completionsPerSecond) =>
        Math.Min(BitOperations.Log2((uint)Math.Clamp(completionsPerSecond / Enough, 1, int.MaxValue)), MaxShift);
}
