using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Backpressure.Adaptation;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Backpressure.Observability;
using Microsoft.Extensions.Logging;

namespace Backpressure.Downstreams;

/// <summary>
/// One downstream as it runs: its gate, the meter of what passes, the controller that moves the limit, and the one
/// timer that serves all who wait. Lives as long as the shedder; a reload only reconfigures it.
/// </summary>
internal sealed class Downstream : IDisposable
{
    /// <summary>With nobody at the full gate for this long who may wait, it counts as one that only rejects.</summary>
    private const double MayWaitSeconds = 10;

    private readonly TimeProvider _time;
    private readonly PacedTimer _timer;
    private readonly PendingPool _pool = new();
    private readonly SheddingState _shedding;
    private readonly Lock _applying = new();
    private DownstreamSettings _settings;
    private int _longLived;
    private int _exempt;
    private int _observed;
    private int _failedOpen;

    // The laboratory puts its own nodes into the queue, which are not awaited, and bad laws in place of ours.
    public Downstream(
        DownstreamSettings settings, bool shadow, TimeProvider time, ILogger logger, Func<Waiter>? rentWaiter = null, ILimitLaw? law = null)
    {
        _settings = settings;
        _time = time;
        IsShadow = shadow;
        long now = time.GetTimestamp();
        Meter = new ServiceMeter(time.TimestampFrequency);
        Controller = new LimitController(settings.Limit, Meter, time.TimestampFrequency, now, law);
        LimitDecision start = Controller.Current;
        Func<Waiter> rent = rentWaiter ?? (shadow ? () => new ShadowAdmission(this) : RentPending);
        Gate = new Gate(start.Limit, settings.Queue, rent, time.TimestampFrequency, now, SeedOf(settings.Name));
        _shedding = new SheddingState(settings.Name, logger, time.TimestampFrequency);
        _timer = new PacedTimer(time, Tick);
    }

    public string Name => _settings.Name;

    /// <summary>Whether it only pretends, for requests that are observed.</summary>
    public bool IsShadow { get; }

    public Gate Gate { get; }

    public ServiceMeter Meter { get; }

    public LimitController Controller { get; }

    public int LongLived => Volatile.Read(ref _longLived);

    public int Exempt => Volatile.Read(ref _exempt);

    /// <summary>Observed requests that run although the shadow would have refused them.</summary>
    public int Observed => Volatile.Read(ref _observed);

    public int FailedOpen => Volatile.Read(ref _failedOpen);

    /// <summary>The twin that decides for observed requests; null while none is observed.</summary>
    public Downstream? Shadow { get; set; }

    public void EnterExempt() => Interlocked.Increment(ref _exempt);

    public void LeaveExempt() => Interlocked.Decrement(ref _exempt);

    public void EnterObserved() => Interlocked.Increment(ref _observed);

    public void LeaveObserved() => Interlocked.Decrement(ref _observed);

    public void EnterFailedOpen() => Interlocked.Increment(ref _failedOpen);

    public void LeaveFailedOpen() => Interlocked.Decrement(ref _failedOpen);

    /// <summary>Takes one of the places for what lives long, if there is one.</summary>
    public bool TryEnterLongLived()
    {
        if (Interlocked.Increment(ref _longLived) <= _settings.MaxLongLived)
        {
            return true;
        }

        Interlocked.Decrement(ref _longLived);
        return false;
    }

    public void LeaveLongLived() => Interlocked.Decrement(ref _longLived);

    /// <summary>A request that met the gate full.</summary>
    public ArrivalResult Arrive(in Arrival arrival, long now, out Waiter? queued, out Refusal refusal)
    {
        DecidedWaiters decided = default;
        ArrivalResult result = Gate.Arrive(arrival, now, out queued, out refusal, ref decided);
        decided.Tell();
        if (result == ArrivalResult.Queued)
        {
            _timer.Raise(Pace.Waiting);
        }
        else if (result == ArrivalResult.Refused)
        {
            AdaptIfDue(now);
        }

        return result;
    }

    /// <summary>A request's work has ended.</summary>
    /// <param name="cost">The units it entered with.</param>
    /// <param name="route">Its route's index in <see cref="Meter"/>.</param>
    /// <param name="latency">Its service time in timestamp ticks; negative: not a sample.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="now">The time.</param>
    public void Complete(int cost, int route, long latency, Outcome outcome, long now)
    {
        bool waiters = Leave(cost, route, latency, outcome, out uint sequence);
        FollowUp(waiters, sequence, now);
    }

    /// <summary>The first half of <see cref="Complete"/>, which cannot throw.</summary>
    /// <returns>Whether somebody waits; then, or when the controller is due, <see cref="FollowUp"/> must come next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Leave(int cost, int route, long latency, Outcome outcome, out uint sequence)
    {
        bool waiters = Gate.Leave(cost, out sequence, out int inFlight);
        Meter.Record(sequence, route, outcome == Outcome.Success ? latency : -1, inFlight);
        if (outcome == Outcome.Dropped)
        {
            Meter.Dropped(latency);
        }

        return waiters;
    }

    /// <summary>The second half of <see cref="Complete"/>: serves those that wait, moves the limit.</summary>
    public void FollowUp(bool waiters, uint sequence, long now)
    {
        if (waiters)
        {
            DecidedWaiters decided = default;
            Gate.HandOver(now, ref decided);
            decided.Tell();
        }

        if (Controller.IsDue(sequence, now))
        {
            Adapt(now);
        }
    }

    /// <summary>Ends a wait whose caller is gone, if the gate has not decided yet.</summary>
    /// <returns>Whether it was still undecided.</returns>
    public bool TryCancel(Waiter waiter, long now)
    {
        DecidedWaiters decided = default;
        bool waited = Gate.TryCancel(waiter, now, ref decided);
        decided.Tell();
        return waited;
    }

    /// <summary>Ends a wait whose caller is gone.</summary>
    public void Cancel(Waiter waiter) => TryCancel(waiter, _time.GetTimestamp());

    /// <summary>Takes over new settings: for the next request, with everybody who waits kept.</summary>
    public void Reconfigure(DownstreamSettings settings)
    {
        LimitSettings before = _settings.Limit;
        Volatile.Write(ref _settings, settings);
        Gate.Reconfigure(settings.Queue);
        if (before != settings.Limit)
        {
            Controller.Reconfigure(settings.Limit);
            ApplyCurrent(_time.GetTimestamp());
        }
    }

    /// <summary>Lets those waiters through whom the gate no longer decides over.</summary>
    public void Release(Func<Waiter, bool> which)
    {
        DecidedWaiters decided = default;
        Gate.Release(which, _time.GetTimestamp(), ref decided);
        decided.Tell();
    }

    public void Close()
    {
        DecidedWaiters decided = default;
        Gate.Close(_time.GetTimestamp(), ref decided);
        decided.Tell();
    }

    public void Dispose()
    {
        _timer.Dispose();
        DecidedWaiters decided = default;
        Gate.Abandon(_time.GetTimestamp(), ref decided);
        decided.Tell();
    }

    internal void Return(PendingAdmission pending) => _pool.Return(pending);

    /// <summary>Somebody was refused here, by this gate or before it.</summary>
    internal void NoteRefusal(long now)
    {
        _shedding.Refused(now);
        _timer.Raise(Pace.Shedding);
    }

    private PendingAdmission RentPending() => _pool.TryRent() ?? new PendingAdmission(this);

    private void AdaptIfDue(long now)
    {
        // One: not a number that completions give out as a round one, so only the time decides.
        if (Controller.IsDue(1, now))
        {
            Adapt(now);
        }
    }

    private void Adapt(long now)
    {
        GateCounts counts = Gate.Counts;
        var reading = new GateReading
        {
            Limit = counts.Limit,
            InFlight = counts.InFlight,
            Waiting = counts.Waiting,
            FullArrivals = counts.FullArrivals,
            Refused = counts.Refused,
            AdmittedLate = counts.AdmittedLate,
            CanQueue = CanQueue(counts.MayWaitAt, now),
            Shadow = IsShadow,
        };
        if (Controller.TryStep(reading, now, out _))
        {
            ApplyCurrent(now);
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
        lock (_applying)
        {
            decision = Controller.Current;
            Gate.SetLimit(decision.Limit, decision.Nominal, now, ref decided);
        }

        decided.Tell();
        if (!IsShadow)
        {
            _shedding.LimitMoved(decision.Limit, _settings.Limit);
        }
    }

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
            _timer.Set(() => WantedPace(now));
        }
        catch (Exception fault)
        {
            // It ticks on as it did, and the next time may do better.
            _shedding.Faulted(fault);
        }
    }

    private Pace WantedPace(long now) =>
        Gate.HasWaiters ? Pace.Waiting : _shedding.IsShedding(now) ? Pace.Shedding : Pace.Off;

    // FNV-1a: the same name spreads the same way in every run, which the laboratory needs.
    private static uint SeedOf(string name) => name.Aggregate(2166136261u, static (hash, c) => (hash ^ c) * 16777619);
}
