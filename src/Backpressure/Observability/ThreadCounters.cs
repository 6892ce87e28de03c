using System.Runtime.CompilerServices;

namespace Backpressure.Observability;

/// <summary>
/// Totals that many threads add to, each in cells of its own: no interlocked operation, and no cache line that two
/// cores fight over. Exact, since only its thread writes a cell; reading sums them.
/// </summary>
/// <remarks>
/// A thread's number is given to another only after it has ended, so its cells have one writer at a time and what they
/// hold stays. Threads of higher numbers than there is room for share cells, and pay for an interlocked addition.
/// </remarks>
internal sealed class ThreadCounters
{
    private const int MaxThreads = 512;

    // Processors fetch lines in pairs: nothing of another thread's may be so near.
    private const int Padding = 128 / sizeof(long);

    private readonly long[]?[] _ofThreads;
    private readonly long[] _shared;
    private int _threads;

    /// <summary>Creates totals of zero.</summary>
    /// <param name="count">How many totals.</param>
    /// <param name="threads">Threads of numbers below this have cells of their own.</param>
    public ThreadCounters(int count, int threads = MaxThreads)
    {
        _shared = new long[count];
        _ofThreads = new long[]?[threads];
    }

    public long Total(int index)
    {
        long total = Volatile.Read(ref _shared[index]);
        foreach (ref long[]? slot in _ofThreads.AsSpan(0, Volatile.Read(ref _threads)))
        {
            if (Volatile.Read(ref slot) is { } cells)
            {
                total += Volatile.Read(ref cells[Padding + index]);
            }
        }

        return total;
    }

    /// <summary>Adds all totals to as many places, thread by thread: one pass over each thread's cells.</summary>
    public void AddTo(Span<long> totals)
    {
        for (int i = 0; i < totals.Length; i++)
        {
            totals[i] += Volatile.Read(ref _shared[i]);
        }

        foreach (ref long[]? slot in _ofThreads.AsSpan(0, Volatile.Read(ref _threads)))
        {
            if (Volatile.Read(ref slot) is { } cells)
            {
                for (int i = 0; i < totals.Length; i++)
                {
                    totals[i] += Volatile.Read(ref cells[Padding + i]);
                }
            }
        }
    }

    /// <summary>Adds one.</summary>
    /// <returns>The total of the cell that it was added to: the calling thread's own, or that of all which share one.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Increment(int index)
    {
        int thread = Environment.CurrentManagedThreadId;
        long[]?[] ofThreads = _ofThreads;
        if ((uint)thread < (uint)ofThreads.Length && ofThreads[thread] is { } cells)
        {
            ref long cell = ref cells[Padding + index];
            long total = cell + 1;
            Volatile.Write(ref cell, total);
            return total;
        }

        return IncrementFirst(thread, index);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long IncrementFirst(int thread, int index)
    {
        if ((uint)thread >= (uint)_ofThreads.Length)
        {
            return Interlocked.Increment(ref _shared[index]);
        }

        long[] cells = new long[_shared.Length + (2 * Padding)];
        cells[Padding + index] = 1;
        Volatile.Write(ref _ofThreads[thread], cells);
        for (int seen = Volatile.Read(ref _threads); seen <= thread;)
        {
            int before = Interlocked.CompareExchange(ref _threads, thread + 1, seen);
            if (before == seen)
            {
                break;
            }

            seen = before;
        }

        return 1;
    }
}
