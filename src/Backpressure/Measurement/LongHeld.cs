using System.Runtime.CompilerServices;

namespace Backpressure.Measurement;

/// <summary>
/// Finds units that stay taken while all others come and go: a download by a slow client, a report that runs for a minute.
/// They are in flight and none of the work that a window sees, which looks like congestion, and when one of them ends, its
/// minute looks like the work of that window.
/// </summary>
/// <remarks>
/// From time to time it notes how many units are in flight (an epoch), and counts the departures of those that had started
/// before. What is left of the number is those that are still there. They count as long held once the epoch is ten latencies
/// old and what is in flight besides them has been turned over four times since: where all is slow alike, or stands still,
/// nothing is, nor is anything where one stands for many and so nobody knows who is there. One that starts between two epochs
/// is noted only at the second, and counts after another: so many as end in an epoch and a half are added, unseen.
/// An epoch counts departures before the gate is read for it, and its time is taken after that, so what happens in
/// between makes the long held fewer, and never more, but for one that has just entered and not yet looked at the clock.
/// </remarks>
internal sealed class LongHeld
{
    private const double LeastLatencies = 10;

    // Service times of which one is a hundred times the other are still one population, to be waited for.
    private const double LeastResidences = 8;
    private const double LeastTurnover = 4;

    // Of all that is in flight. What hangs is long held too: then more and more of it must show as what it is.
    private const double MostOfAll = 0.75;

    // Epochs from the start of one that will be long held until it counts, on the mean.
    private const double EpochsUnnoticed = 1.5;
    private const double WeightOfEpoch = 1.0 / 16;
    private const double FewestEnds = 0.01;

    // Used in turn. Whoever was held up on the way to one that is used anew counts a departure too many, which is on the safe side.
    private readonly LongHeldEpoch[] _epochs = [new(), new(), new(), new()];
    private int _used = 1;

    // The one that will be noted when the gate is read next; the last, and the one before it, which is old enough.
    private LongHeldEpoch? _next;
    private LongHeldEpoch _younger;
    private LongHeldEpoch _older;
    private long _since = long.MinValue;
    private long _sampledAt = long.MinValue;
    private long _ended;
    private long _endedBefore;
    private double _endPerEpoch;

    public LongHeld()
    {
        _younger = _epochs[0];
        _younger.Note(0, long.MinValue, default, 0);
        _older = _younger;
    }

    /// <summary>How many there are on the mean, in units, as it was last looked; never all. Needs the controller's lock.</summary>
    public double Units { get; private set; }

    /// <summary>How many are noted, be they all there are. Needs the controller's lock.</summary>
    public double Noted { get; private set; }

    /// <summary>The standard error of <see cref="Units"/>: of those that are not noted yet only the mean number is known.</summary>
    public double Error => Units > 0 ? Math.Sqrt(EpochsUnnoticed * _endPerEpoch) : 0;

    /// <summary>A departure that started no later than this was one of them, a timestamp.</summary>
    public long Since => Volatile.Read(ref _since);

    /// <summary>To be taken before the gate is read, and handed to <see cref="Look"/> with what was read.</summary>
    public LongHeldMark Mark()
    {
        LongHeldEpoch? next = Volatile.Read(ref _next);
        return new LongHeldMark(next, next?.Departures ?? 0);
    }

    /// <summary>Notes a departure. Called by any thread.</summary>
    /// <param name="startedAt">When it was given its units.</param>
    /// <param name="cost">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Left(long startedAt, int cost)
    {
        if (Volatile.Read(ref _next) is not null || startedAt <= Volatile.Read(ref _younger).At)
        {
            Add(startedAt, cost);
        }
    }

    /// <summary>Notes that one has departed that stands for others, of which nobody knows when they came. Called by any thread.</summary>
    public void Sampled(long now) => Volatile.Write(ref _sampledAt, now);

    /// <summary>Notes that one of them has ended. Called by any thread.</summary>
    public void Ended(int cost) => Interlocked.Add(ref _ended, cost);

    /// <summary>Looks how many there are. Needs the controller's lock.</summary>
    /// <param name="mark">Taken before the gate was read.</param>
    /// <param name="inFlight">Units in flight, as read.</param>
    /// <param name="readAt">A timestamp from after that.</param>
    /// <param name="departed">Units that have departed since the start.</param>
    /// <param name="latencyTicks">The mean latency.</param>
    /// <param name="residenceTicks">That of a moment in flight; of some windows, not only of the last.</param>
    public void Look(LongHeldMark mark, int inFlight, long readAt, double departed, double latencyTicks, double residenceTicks)
    {
        bool noted = false;
        double least = Math.Max(LeastLatencies * latencyTicks, LeastResidences * residenceTicks);
        if (_next is { } next)
        {
            if (mark.Epoch == next)
            {
                next.Note(inFlight, readAt, mark, departed);
                Volatile.Write(ref _older, _younger);
                Volatile.Write(ref _younger, next);
                Volatile.Write(ref _next, null);
                noted = true;
                long ended = Volatile.Read(ref _ended);
                _endPerEpoch += WeightOfEpoch * (ended - _endedBefore - _endPerEpoch);
                _endPerEpoch = _endPerEpoch < FewestEnds ? 0 : _endPerEpoch;
                _endedBefore = ended;
            }
        }
        else if (least > 0 && (_younger.At == long.MinValue || readAt - _younger.At >= least))
        {
            LongHeldEpoch another = _epochs[_used++ % _epochs.Length];
            another.Reset();
            Volatile.Write(ref _next, another);
        }

        double stayed = Math.Min(inFlight, _older.Staying);
        double turnedOver = departed - _older.Departed - _older.Left;
        double units = stayed + (EpochsUnnoticed * _endPerEpoch);
        if (units > 0 && Volatile.Read(ref _sampledAt) < _older.At && turnedOver >= LeastTurnover * Math.Max(1, inFlight - stayed))
        {
            Noted = stayed;
            Units = Math.Min(units, MostOfAll * inFlight);
            Volatile.Write(ref _since, _older.At);
        }
        else
        {
            Units = 0;
            Noted = 0;
            if (noted)
            {
                // Until then those of its epoch that end were of them all the same.
                Volatile.Write(ref _since, long.MinValue);
            }
        }
    }

    /// <summary>Nobody looks any more. Needs the controller's lock.</summary>
    public void Stop()
    {
        Volatile.Write(ref _next, null);
        Volatile.Write(ref _since, long.MinValue);
        Units = 0;
        Noted = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Add(long startedAt, long units)
    {
        // In this order, or one could be missed that is noted meanwhile.
        LongHeldEpoch? next = Volatile.Read(ref _next);
        LongHeldEpoch younger = Volatile.Read(ref _younger);
        LongHeldEpoch older = Volatile.Read(ref _older);
        next?.Add(startedAt, units);
        if (younger != next)
        {
            younger.Add(startedAt, units);
        }

        if (older != younger && older != next)
        {
            older.Add(startedAt, units);
        }
    }
}
