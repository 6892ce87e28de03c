using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Backpressure.Admission;

/// <summary>
/// A gate's state in one word, moved by compare-and-swap only, so that a decision and what it was based on can never
/// drift apart: units in flight (20 bits), the limit (20), whether anybody waits (1), and the number of those that have
/// left so far, wrapping (23), which is counted at no further cost.
/// </summary>
/// <remarks>
/// Invariants. Nobody enters past a set waiter mark except by hand-over from the queue, under its lock. The mark is
/// set only in the same swap that has seen the gate full, so a release either comes before it (and the newcomer sees
/// the free slot) or after it (and sees the mark): no wake-up can be lost.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 3 * CacheLine)]
internal struct GateWord
{
    public const int MaxUnits = (1 << 20) - 1;
    public const int SequenceBits = 23;
    public const uint SequenceMask = (1u << SequenceBits) - 1;

    private const int CacheLine = 64;
    private const int LimitShift = 20;
    private const long WaitersMark = 1L << 40;
    private const int SequenceShift = 41;
    private const long LimitMask = (long)MaxUnits << LimitShift;
    private const long OneCompletion = 1L << SequenceShift;

    // A line of its own: every request on every core writes it, and nothing read-mostly should share its fate.
    [FieldOffset(CacheLine)]
    private long _word;

    public readonly int InFlight => InFlightOf(Volatile.Read(in _word));

    public readonly int Limit => LimitOf(Volatile.Read(in _word));

    public readonly bool HasWaiters => (Volatile.Read(in _word) & WaitersMark) != 0;

    /// <summary>Whether not even the lightest fits.</summary>
    public readonly bool IsFull
    {
        get
        {
            long seen = Volatile.Read(in _word);
            return InFlightOf(seen) >= LimitOf(seen);
        }
    }

    /// <summary>How many have left, modulo 2^23.</summary>
    public readonly uint Sequence => SequenceOf(Volatile.Read(in _word));

    /// <summary>Enters if nobody waits and the cost fits under the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnter(int cost)
    {
        long seen = Volatile.Read(ref _word);
        while ((seen & WaitersMark) == 0 && Fits(seen, cost))
        {
            long before = Interlocked.CompareExchange(ref _word, seen + cost, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Enters for the queue's head, whoever waits behind it. Under the queue's lock.</summary>
    public bool TryEnterFromQueue(int cost)
    {
        long seen = Volatile.Read(ref _word);
        while (Fits(seen, cost))
        {
            long before = Interlocked.CompareExchange(ref _word, seen + cost, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Sets the waiter mark unless the cost fits and nobody waits, in which case it enters instead.</summary>
    /// <returns>Whether it entered.</returns>
    public bool EnterOrMarkWaiting(int cost)
    {
        long seen = Volatile.Read(ref _word);
        while (true)
        {
            bool enters = (seen & WaitersMark) == 0 && Fits(seen, cost);
            long wanted = enters ? seen + cost : seen | WaitersMark;
            long before = wanted == seen ? seen : Interlocked.CompareExchange(ref _word, wanted, seen);
            if (before == seen)
            {
                return enters;
            }

            seen = before;
        }
    }

    /// <summary>Enters whatever the limit says: a shadow gate mirrors what was admitted elsewhere.</summary>
    public void Enter(int cost) => Interlocked.Add(ref _word, cost);

    /// <summary>Gives units back and counts a completion.</summary>
    /// <param name="cost">The units that were entered with.</param>
    /// <param name="inFlight">Units in flight just before, its own included.</param>
    /// <returns>Whether somebody waits for them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Leave(int cost, out int inFlight)
    {
        // Completions wrap off the top of the word, so one addition moves both.
        long after = Interlocked.Add(ref _word, OneCompletion - cost);
        inFlight = InFlightOf(after) + cost;
        return (after & WaitersMark) != 0;
    }

    /// <summary>
    /// Whether units in flight may be left to the queue's head, which wants as many: they do not move then, so nothing has to be
    /// written. Under the queue's lock.
    /// </summary>
    /// <param name="cost">The units that were entered with.</param>
    /// <param name="inFlight">Units in flight, these included.</param>
    /// <returns>Not where the limit has come down meanwhile.</returns>
    public readonly bool CanPassOn(int cost, out int inFlight)
    {
        // The limit moves under the same lock, and who enters or leaves meanwhile could as well have come after.
        long seen = Volatile.Read(in _word);
        inFlight = InFlightOf(seen);
        return Fits(seen - cost, cost);
    }

    /// <summary>Takes units for one who is in flight already, whatever the limit says, if the word can hold them.</summary>
    public bool TryAdd(int units)
    {
        long seen = Volatile.Read(ref _word);
        while (InFlightOf(seen) + units <= MaxUnits)
        {
            long before = Interlocked.CompareExchange(ref _word, seen + units, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Gives units back of one who stays in flight: no completion.</summary>
    /// <returns>Whether somebody waits for them.</returns>
    public bool GiveBack(int units) => (Interlocked.Add(ref _word, -units) & WaitersMark) != 0;

    /// <summary>Says that nobody waits any more. Under the queue's lock.</summary>
    public void ClearWaiters() => Interlocked.And(ref _word, ~WaitersMark);

    /// <summary>Moves the limit. Under the queue's lock.</summary>
    public void SetLimit(int limit)
    {
        long seen = Volatile.Read(ref _word);
        while (true)
        {
            long wanted = (seen & ~LimitMask) | ((long)limit << LimitShift);
            long before = Interlocked.CompareExchange(ref _word, wanted, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    // A cost above the limit fits when the gate is empty, or it would never pass.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Fits(long word, int cost)
    {
        int limit = LimitOf(word);
        return InFlightOf(word) + Math.Min(cost, limit) <= limit;
    }

    private static int InFlightOf(long word) => (int)(word & MaxUnits);

    private static int LimitOf(long word) => (int)(word >> LimitShift) & MaxUnits;

    private static uint SequenceOf(long word) => (uint)((ulong)word >> SequenceShift);
}
