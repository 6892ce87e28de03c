using System.Diagnostics.CodeAnalysis;
using Backpressure.Adaptation;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Backpressure.Observability;

namespace Backpressure.Downstreams;

/// <content>What moves its limit, by the way of a request or by the timer.</content>
internal sealed partial class Downstream
{
    /// <summary>With nobody at the full gate for this long who may wait, it counts as one that only rejects.</summary>
    private const double MayWaitSeconds = 10;

    private readonly ThreadCounters _heldBack = new(Priorities.Count);
    private volatile Pressure _pressure = Pressure.None;

    // The nominal limit that was noted last. Guarded by _applying.
    private int _told;

    /// <summary>Called when the limit is looked at, so that signals are read also where the pool has no thread for a timer.</summary>
    internal Action<long>? Looked { get; set; }

    /// <summary>The names of the signals that lower its limit.</summary>
    internal IReadOnlyList<string> Signals => Volatile.Read(ref _settings).Signals;

    /// <summary>Whether waits for a thread of the pool are among them.</summary>
    internal bool HeedsThreadPool => Volatile.Read(ref _settings).HeedsThreadPool;

    /// <summary>The signal that keeps its limit below what the law allows; null: none.</summary>
    internal string? LimitedBy => _pressure.Signal;

    /// <summary>The lowest that its limit may go.</summary>
    internal int LimitFloor => Pressure.FloorOf(Volatile.Read(ref _settings).Limit);

    /// <summary>Lowers the limit as a signal says, or lets it go.</summary>
    /// <param name="level">0: not at all; 1: to the minimum.</param>
    /// <param name="signal">Whose level it is; null: nobody's.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether a limit that could learn has now been kept from it for so long that it is to be told.</returns>
    internal bool SetPressure(double level, string? signal, long now)
    {
        if (level != _pressure.Level || signal != _pressure.Signal)
        {
            _pressure = new Pressure(level, signal);
            ApplyCurrent(now);
        }

        return _heldDown.Look(held: level > 0 && !IsShadow && Volatile.Read(ref _settings).Limit.Algorithm != LimitAlgorithm.Fixed, now);
    }

    /// <summary>One came that would have met a full gate, had not its caller kept others back at our word.</summary>
    internal void NoteHeldBack(Priority priority) => _heldBack.Increment((int)priority);

    private void AdaptIfDue(long now)
    {
        if (Controller.IsDue(Unmeasured, now))
        {
            Adapt(now);
        }
    }

    /// <summary>What the controller is shown.</summary>
    internal GateReading Reading(long now)
    {
        LongHeldMark mark = Meter.LongHeld.Mark();
        GateCounts counts = Gate.Counts;
        long readAt = _time.GetTimestamp();

        // Those who met it full and did not ask: some were turned away by the sign, others never came because they were told.
        Span<long> notAsked = stackalloc long[Priorities.Count];
        notAsked.Clear();
        _full.AddTo(notAsked);
        long turnedAway = PriorityCounts.Of(notAsked).Sum;
        _heldBack.AddTo(notAsked);
        var byPriority = PriorityCounts.Of(notAsked);
        return new GateReading
        {
            Limit = counts.Limit,
            InFlight = counts.InFlight,
            Mark = mark,
            ReadAt = readAt,
            Waiting = counts.Waiting,
            FullArrivals = counts.FullArrivals + byPriority.Sum,
            FullByPriority = counts.FullByPriority + byPriority,
            Refused = counts.Refused + turnedAway,
            AdmittedLate = counts.AdmittedLate,
            CanQueue = CanQueue(counts.MayWaitAt, now),
            Shadow = IsShadow,
            Held = _pressure.Level > 0,
        };
    }

    private void Adapt(long now)
    {
        if (Controller.TryStep(Reading(now), now, out _))
        {
            ApplyCurrent(now);
        }
        else if (_shedding.MinimumTold)
        {
            _shedding.LimitIs(Controller.Current.Nominal, _settings.Limit, now);
        }

        LookAtRate(now);
        Looked?.Invoke(now);
    }

    // While not everybody is measured, not everybody looks at the clock: should they stop coming, the timer sees it.
    private void LookAtRate(long now)
    {
        Sampling.Look(Gate.Sequence, now);
        if (Sampling.Shift > 0)
        {
            _timer.Raise(Pace.Sampling);
        }
    }

    // Where everybody is rejected at once there is no queue to absorb a dip of the limit: learning would refuse people.
    private bool CanQueue(long mayWaitAt, long now) =>
        mayWaitAt != long.MinValue
        && now - mayWaitAt < MayWaitSeconds * _time.TimestampFrequency
        && (_settings.Queue.Capacity != 0 || Gate.HasWaiters);

    // Not the decision that the caller has in hand: a thread that was held up between deciding and applying would put
    // an old limit over a newer one, or over a reload's, and a fixed one would never be put right.
    private void ApplyCurrent(long now)
    {
        DecidedWaiters decided = default;
        LimitDecision decision;
        int told;
        lock (_applying)
        {
            decision = Controller.Current;
            (told, _told) = (_told, decision.Nominal);
            (int limit, int nominal) = _pressure.Lower(decision, Pressure.FloorOf(_settings.Limit));
            Gate.SetLimit(limit, nominal, now, ref decided);
        }

        decided.Tell();
        if (!IsShadow)
        {
            if (told != decision.Nominal)
            {
                // A dip, which comes and goes by itself, is no change.
                Changes?.LimitMoved(Name, told, decision.Nominal, WordsOf(decision.Reason));
            }

            _shedding.LimitIs(decision.Nominal, _settings.Limit, now);
        }
    }

    private static string WordsOf(LimitReason reason) => reason switch
    {
        LimitReason.Configured => "as configured",
        LimitReason.SlowStart => "nothing queues yet",
        LimitReason.Increase => "there is room",
        LimitReason.Follow or LimitReason.Look => "follows latency",
        LimitReason.Dropped => "requests were dropped",
        LimitReason.Test => "a cut to tell congestion from a slower route",
        LimitReason.Shift => "latency has changed",
        _ => reason.ToString(),
    };

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Thrown from a timer it would end the process.")]
    private void Tick()
    {
        try
        {
            long now = _time.GetTimestamp();
            DecidedWaiters decided = default;
            Gate.Expire(now, ref decided);
            decided.Tell();
            AdaptIfDue(now);
            Sampling.Look(Gate.Sequence, now);
            _timer.Set(() => WantedPace(now));
        }
        catch (Exception fault)
        {
            // It ticks on as it did, and the next time may do better.
            _shedding.Faulted(fault);
        }
    }

    private Pace WantedPace(long now) =>
        Gate.HasWaiters ? Pace.Waiting
        : Sampling.Shift > 0 ? Pace.Sampling
        : _shedding.IsShedding(now) ? Pace.Shedding : Pace.Off;
}
