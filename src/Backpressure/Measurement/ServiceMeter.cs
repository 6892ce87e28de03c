using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Backpressure.Measurement;

/// <summary>
/// Collects latencies without slowing the requests that give them: a completion takes a number and writes two words into
/// a ring at the place that it names, with no lock. Whoever holds the controller's lock drains the ring into the open
/// window. A lapped ring loses samples; it never mixes them.
/// </summary>
/// <remarks>
/// Both words of an entry carry the sequence. Whatever order the words of two writers reach the reader in, an entry
/// counts only when its two words agree, so neither an entry in the making nor one half overwritten is ever read as
/// a sample.
/// </remarks>
internal sealed class ServiceMeter
{
    /// <summary>The width of a completion's number, which wraps.</summary>
    public const int SequenceBits = 23;

    public const uint SequenceMask = (1u << SequenceBits) - 1;

    /// <summary>Completions that may pass between two drains with none lost.</summary>
    public const int RingSize = 1024;

    public const int MaxRoutes = 1024;

    // Word 0: sequence, latency. Word 1: written, weight, route, in flight, sequence.
    private const int LatencyBits = 64 - SequenceBits;
    private const ulong NoSample = (1ul << LatencyBits) - 1;
    private const int InFlightBits = 20;
    private const int MaxInFlight = (1 << InFlightBits) - 1;
    private const int RouteShift = SequenceBits + InFlightBits;
    private const int RouteBits = 11;
    private const uint RouteMask = (1 << RouteBits) - 1;
    private const int WeightShift = RouteShift + RouteBits;
    private const uint WeightMask = (1 << (63 - WeightShift)) - 1;
    private const ulong Written = 1ul << 63;

    // A slot that is held for less than a sixteenth longer than the latency says is no news: each response begins before its request ends.
    private const int LeastHeldShift = 4;

    private readonly ulong[] _ring = new ulong[2 * RingSize];

    // The ring as it was when its entries were drained: what is equal is not looked at.
    private readonly ulong[] _drained = new ulong[2 * RingSize];
    private readonly double _secondsPerTick;
    private readonly RouteLatencies _routes;
    private readonly ConcurrentDictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private MeterSums _open;
    private uint _taken;
    private int _dropped;
    private int _droppedDrained;
    private int _droppedSamples;
    private int _droppedSamplesDrained;
    private long _droppedTicks;
    private long _droppedTicksDrained;
    private long _otherHeldTicks;
    private long _otherHeldTicksDrained;
    private long _otherUnits;
    private long _otherUnitsDrained;

    private long _departedUnits;
    private ulong _longTicks = NoSample;

    public ServiceMeter(long ticksPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ticksPerSecond);
        _secondsPerTick = 1.0 / ticksPerSecond;
        _routes = new RouteLatencies(ticksPerSecond);
    }

    /// <summary>What was drained since the window was opened. Needs the controller's lock.</summary>
    public MeterSums Open => _open;

    /// <summary>Units that stay taken while all others come and go.</summary>
    public LongHeld LongHeld { get; } = new();

    /// <summary>Units that were drained since the start. Needs the controller's lock.</summary>
    public long DepartedUnits => _departedUnits;

    /// <summary>A small number for a route: from 1, or 0, which all share after <see cref="MaxRoutes"/>.</summary>
    public int RouteIndex(string route)
    {
        if (_indices.TryGetValue(route, out int index))
        {
            return index;
        }

        lock (_adding)
        {
            // Counting is exact here: only this lock adds.
            int next = _indices.Count + 1;
            return next > MaxRoutes ? _indices.GetValueOrDefault(route, 0) : _indices.GetOrAdd(route, next);
        }
    }

    /// <summary>A number for <see cref="Record"/>.</summary>
    public uint Take() => Interlocked.Increment(ref _taken);

    /// <summary>Notes a departure.</summary>
    /// <param name="sequence">Its own number: unique but for its wrap.</param>
    /// <param name="route">From <see cref="RouteIndex"/>.</param>
    /// <param name="latencyTicks">Service time, or below zero if it is no sample of the downstream's speed.</param>
    /// <param name="inFlight">In flight when it left, itself included.</param>
    /// <param name="weight">How many departures it stands for, those that were not measured with it (see <see cref="Sampling"/>).</param>
    public void Record(uint sequence, int route, long latencyTicks, int inFlight, int weight = 1)
    {
        ulong stamp = sequence & SequenceMask;
        int place = (int)(sequence & (RingSize - 1)) * 2;
        ulong[] ring = _ring;

        // A negative latency is huge as an unsigned number: one comparison finds both it and what is too long to hold
        // (half an hour at nanosecond ticks, which is no service time to go by).
        Volatile.Write(ref ring[place], (stamp << LatencyBits) | Math.Min((ulong)latencyTicks, NoSample));
        Volatile.Write(
            ref ring[place + 1],
            Written | ((ulong)(uint)weight << WeightShift) | ((ulong)(uint)route << RouteShift) | ((ulong)(uint)Math.Min(inFlight, MaxInFlight) << SequenceBits) | stamp);
    }

    /// <summary>Notes that the downstream timed out or refused.</summary>
    /// <param name="latencyTicks">How long that took, or below zero if it is no sample.</param>
    /// <param name="weight">For how many that time stands. It is counted once all the same, as each is that was dropped.</param>
    public void Dropped(long latencyTicks, int weight = 1)
    {
        if (latencyTicks >= 0)
        {
            Interlocked.Add(ref _droppedTicks, weight * latencyTicks);
            Interlocked.Add(ref _droppedSamples, weight);
        }

        Interlocked.Increment(ref _dropped);
    }

    /// <summary>
    /// Notes what one of those recorded has held of the limit beyond what its latency says. Without it, what is in flight would
    /// seem stretched by all that is no sample. Not for those that were dropped: they are to look like a queue. Nor for those that were
    /// long held: what is in flight is looked at without them.
    /// </summary>
    /// <param name="cost">Its units.</param>
    /// <param name="latencyTicks">As recorded: its service time, or below zero if it is no sample.</param>
    /// <param name="heldTicks">How long it has had its units; below zero: not known.</param>
    /// <param name="weight">For how many it stands.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Held(int cost, long latencyTicks, long heldTicks, int weight = 1)
    {
        long known = Math.Max(0, latencyTicks);
        long besides = (cost * Math.Max(heldTicks, known)) - known;
        if (besides > known >> LeastHeldShift)
        {
            Interlocked.Add(ref _otherHeldTicks, weight * besides);
        }

        if (cost > 1)
        {
            Interlocked.Add(ref _otherUnits, (long)weight * (cost - 1));
        }
    }

    /// <summary>
    /// Notes that one has become heavier while it runs. At its end <see cref="Held"/> counts all of its time at its last cost, of
    /// which this takes back what it held before.
    /// </summary>
    /// <param name="more">Units; below zero: lighter.</param>
    /// <param name="startedAt">When it was given its units.</param>
    /// <param name="now">The time, a timestamp.</param>
    /// <param name="weight">For how many it stands.</param>
    public void Reweighed(int more, long startedAt, long now, int weight)
    {
        if (more < 0)
        {
            // What becomes heavier departs with more than it was noted with, if that was before: on the safe side.
            LongHeld.Left(startedAt, -more);
        }

        if (startedAt > LongHeld.Since)
        {
            Interlocked.Add(ref _otherHeldTicks, -(long)weight * more * (now - startedAt));
        }
    }

    /// <summary>The latency a route usually has now, queueing in the downstream included; 0 when it is not known.</summary>
    public long UsualLatencyTicks(int route) => _routes.UsualTicks(route);

    /// <summary>Moves what has been recorded since the last drain into the open window. Needs the controller's lock.</summary>
    /// <param name="now">The time, a timestamp: a latency that reaches back beyond those that are long held is no sample.</param>
    public void Drain(long now = long.MinValue)
    {
        long since = LongHeld.Since;
        _longTicks = since == long.MinValue ? NoSample : (ulong)Math.Max(0, now - since);
        ref ulong ring = ref MemoryMarshal.GetArrayDataReference(_ring);
        ref ulong drained = ref MemoryMarshal.GetArrayDataReference(_drained);
        for (int word = 0; word < 2 * RingSize; word += Vector256<ulong>.Count)
        {
            // Two entries at once. One that comes this moment may be missed: the next drain finds it.
            if (Vector256.LoadUnsafe(ref ring, (nuint)word) != Vector256.LoadUnsafe(ref drained, (nuint)word))
            {
                DrainEntry(word);
                DrainEntry(word + 2);
            }
        }

        // Against the order of writing: what is counted has its time here. The other way round, one in the making may
        // lend its time to this window and be counted in the next.
        int dropped = Volatile.Read(ref _dropped);
        int samples = Volatile.Read(ref _droppedSamples);
        long ticks = Volatile.Read(ref _droppedTicks);
        _open.Dropped += dropped - _droppedDrained;
        _open.DroppedSamples += samples - _droppedSamplesDrained;
        _open.DroppedLatencySum += (ticks - _droppedTicksDrained) * _secondsPerTick;
        long held = Volatile.Read(ref _otherHeldTicks);
        long units = Volatile.Read(ref _otherUnits);
        _open.OtherHeld += (held - _otherHeldTicksDrained) * _secondsPerTick;
        _open.OtherUnits += units - _otherUnitsDrained;
        _departedUnits += units - _otherUnitsDrained;
        _otherHeldTicksDrained = held;
        _otherUnitsDrained = units;
        _droppedDrained = dropped;
        _droppedSamplesDrained = samples;
        _droppedTicksDrained = ticks;
    }

    /// <summary>
    /// The work of the open window: its latencies, each route's without its stretch. A route seen for the first time
    /// is taken to be stretched as much as the others are, so one met under congestion does not hide it.
    /// </summary>
    public double Work() => _routes.Work();

    /// <summary>The relative standard error of the open window's stretch. Needs the controller's lock.</summary>
    public double Noise() => _routes.Noise();

    /// <summary>Ends the window, having learnt from it what the law said. Needs the controller's lock.</summary>
    public void CloseWindow(BaselineChange change)
    {
        _routes.Learn(change);
        Discard();
    }

    /// <summary>Begins the window anew. Needs the controller's lock.</summary>
    public void Discard()
    {
        _routes.Discard();
        _open = default;
    }

    private void DrainEntry(int word)
    {
        ulong word1 = Volatile.Read(ref _ring[word + 1]);
        if (word1 == _drained[word + 1])
        {
            return;
        }

        ulong word0 = Volatile.Read(ref _ring[word]);
        if (word0 >> LatencyBits != (word1 & SequenceMask))
        {
            // Still in the making: the next drain finds it.
            return;
        }

        _drained[word] = word0;
        _drained[word + 1] = word1;
        Add(
            word0 & NoSample,
            (int)((uint)(word1 >> RouteShift) & RouteMask),
            (int)(word1 >> SequenceBits) & MaxInFlight,
            (int)((uint)(word1 >> WeightShift) & WeightMask));
    }

    // Everything counts as often as it stands for. But how much the samples say is a matter of their own number: their
    // squares count by the weights' squares, so that the effective number is right for unequal weights (Kish, 1965).
    private void Add(ulong latencyTicks, int route, int inFlight, int weight)
    {
        _open.Departures += weight;
        _departedUnits += weight;
        _open.InFlightSum += (double)weight * inFlight;
        _open.PeakInFlight = Math.Max(_open.PeakInFlight, inFlight);
        if (latencyTicks == NoSample)
        {
            return;
        }

        double latency = latencyTicks * _secondsPerTick;
        if (latencyTicks >= _longTicks)
        {
            _routes.NoteUsual(route, latency);
            return;
        }

        double weighted = weight * latency;
        _open.Samples += weight;
        _open.LatencySum += weighted;
        _open.LatencySquaredSum += weighted * weighted;
        _open.LatencySecondMoment += weighted * latency;
        _routes.Add(route, latency, weight);
    }
}
