using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Backpressure.Observability;

namespace Backpressure.Downstreams;

/// <summary>
/// Hangs out at a full gate what the last refusal there came to, so that for a tick of the coarse clock (a few
/// milliseconds) others like it are turned away with no lock, no interlocked operation and no reading of the fine clock:
/// being refused by the thousand must cost next to nothing. Whether the gate is full each has seen for itself.
/// </summary>
/// <remarks>
/// The first of a tick, and one of every <see cref="MostPerThread"/> of a thread's, ask the gate: they measure the drain,
/// step the limit, and book the slots of all that were turned away since.
/// </remarks>
internal sealed class FullSign(Gate gate)
{
    // A power of two. So many on each thread are told of the same slot: less than the spread of what they are told.
    private const int MostPerThread = 64;

    // What is read by every refused request: the tick in which it holds, and how long until the next slot.
    private const int SecondsBits = 12;
    private const int UnitsPerSecond = 128;
    private const long SecondsMask = (1L << SecondsBits) - 1;
    private const long Unknown = SecondsMask;
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    private readonly ThreadCounters _turnedAway = new(Priorities.Count);
    private readonly long[] _booked = new long[Priorities.Count];
    private readonly long[] _signs = new long[Priorities.Count];
    private readonly Lock _posting = new();

    /// <summary>Adds how many of each priority have been turned away.</summary>
    public void AddTo(Span<long> counts) => _turnedAway.AddTo(counts);

    /// <summary>How many have been turned away.</summary>
    public long Total()
    {
        long total = 0;
        for (int i = 0; i < Priorities.Count; i++)
        {
            total += _turnedAway.Total(i);
        }

        return total;
    }

    /// <summary>Refuses on sight, if there is a sign of now. For a request that has just found the gate full and must not wait.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="retryAfterSeconds">What it is told.</param>
    public bool TryTurnAway(Priority priority, out int retryAfterSeconds)
    {
        long sign = Volatile.Read(ref _signs[(int)priority]);
        if (sign >> SecondsBits != Environment.TickCount64)
        {
            retryAfterSeconds = 0;
            return false;
        }

        long number = _turnedAway.Increment((int)priority);
        if (number % MostPerThread == 0)
        {
            Volatile.Write(ref _signs[(int)priority], 0);
        }

        // The golden ratio's multiples are spread evenly however many of them are taken.
        double unit = ((ulong)number * Golden >> 11) * (1.0 / (1ul << 53));
        long seconds = sign & SecondsMask;
        retryAfterSeconds = RetryAfterBook.Told(seconds == Unknown ? -1 : seconds * (1.0 / UnitsPerSecond), unit);
        return true;
    }

    /// <summary>The gate has just refused one of this priority, for no other reason than that it is full.</summary>
    public void Post(Priority priority, long now)
    {
        if (!_posting.TryEnter())
        {
            return;
        }

        try
        {
            long turnedAway = _turnedAway.Total((int)priority);
            double seconds = gate.BookAll(priority, turnedAway - _booked[(int)priority], now);
            _booked[(int)priority] = turnedAway;
            long units = seconds < 0 ? Unknown : (long)(Math.Min(seconds, RetryAfterBook.MaxSeconds) * UnitsPerSecond);
            Volatile.Write(ref _signs[(int)priority], (Environment.TickCount64 << SecondsBits) | units);
        }
        finally
        {
            _posting.Exit();
        }
    }
}
