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
internal sealed partial class Downstream : IDisposable
{
    /// <summary>Not a number that is given out as a round one, so only the time decides whether the limit is due.</summary>
    private const uint Unmeasured = 1;

    private readonly TimeProvider _time;
    private readonly PacedTimer _timer;
    private readonly PendingPool _pool = new();
    private readonly SheddingState _shedding;
    private readonly HeldState _heldDown;
    private readonly FullSign _full;
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
        Sampling = new Sampling(GateWord.SequenceBits, time.TimestampFrequency, now);
        Controller = new LimitController(settings.Limit, Meter, time.TimestampFrequency, now, law);
        LimitDecision start = Controller.Current;
        _told = start.Nominal;
        Func<Waiter> rent = rentWaiter ?? (shadow ? () => new ShadowAdmission(this) : RentPending);
        Gate = new Gate(start.Limit, settings.Queue, rent, time.TimestampFrequency, now, SeedOf(settings.Name));
        _full = new FullSign(Gate);
        _shedding = new SheddingState(settings.Name, logger, time.TimestampFrequency, _full.Total);
        _heldDown = new HeldState(time.TimestampFrequency);
        _timer = new PacedTimer(time, Tick);
    }

    public string Name => _settings.Name;

    /// <summary>Whether it only pretends, for requests that are observed.</summary>
    public bool IsShadow { get; }

    public Gate Gate { get; }

    public ServiceMeter Meter { get; }

    public Sampling Sampling { get; }

    public LimitController Controller { get; }

    public int LongLived => Volatile.Read(ref _longLived);

    public int Exempt => Volatile.Read(ref _exempt);

    /// <summary>Observed requests that run although the shadow would have refused them.</summary>
    public int Observed => Volatile.Read(ref _observed);

    public int FailedOpen => Volatile.Read(ref _failedOpen);

    /// <summary>What it was configured with last.</summary>
    internal DownstreamSettings Settings => Volatile.Read(ref _settings);

    /// <summary>Since when it sheds; null: it does not.</summary>
    internal long? SheddingSince => _shedding.Since;

    /// <summary>Where its changes of state are kept; null: nowhere.</summary>
    internal StateChanges? Changes
    {
        get => _shedding.Changes;
        init => _shedding.Changes = value;
    }

    /// <summary>Told what a request that had to wait has really taken; null: nobody wants to know.</summary>
    internal Action<Downstream, ServiceCharge>? Taken { get; set; }

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

    /// <summary>The work of a request that was not measured has ended well.</summary>
    /// <returns>Whether somebody waits; then <see cref="FollowUp"/> must come next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Leave(int cost) => Gate.Leave(cost, out _);

    /// <summary>A request's work has ended.</summary>
    /// <param name="cost">The units it entered with.</param>
    /// <param name="route">Its route's index in <see cref="Meter"/>.</param>
    /// <param name="latency">Its service time in timestamp ticks; negative: not a sample.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="weight">How many requests it stands for; 0: it is not measured.</param>
    /// <param name="held">How long it has had its units, in timestamp ticks; negative: not known.</param>
    public void Complete(int cost, int route, long latency, Outcome outcome, long now, int weight = 1, long held = -1)
    {
        bool waiters = LeaveMeasured(cost, route, latency, outcome, now, weight, held, out uint number);
        FollowUp(waiters, now, number);
    }

    /// <summary>The same of one that has waited.</summary>
    /// <param name="cost">The units it entered with.</param>
    /// <param name="route">Its route's index in <see cref="Meter"/>.</param>
    /// <param name="latency">Its service time in timestamp ticks; negative: not a sample.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="charge">What it took.</param>
    /// <param name="weight">How many requests it stands for; 0: it is not measured.</param>
    /// <param name="held">How long it has had its units, in timestamp ticks; negative: not known.</param>
    public void Complete(int cost, int route, long latency, Outcome outcome, long now, in ServiceCharge charge, int weight = 1, long held = -1)
    {
        // Until its units are back nothing may throw.
        DecidedWaiters decided = default;
        int inFlight = Gate.Leave(cost, charge, now, ref decided);
        uint number = Measure(cost, route, latency, outcome, inFlight, now, weight, held);
        decided.Tell();
        FollowUp(waiters: false, now, number);
        Taken?.Invoke(this, charge);
    }

    /// <summary>What follows when units have come free: serves those that wait, moves the limit.</summary>
    /// <param name="waiters">Whether somebody waits.</param>
    /// <param name="now">The time.</param>
    /// <param name="number">The number of its measurement.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FollowUp(bool waiters, long now, uint number = Unmeasured)
    {
        if (waiters)
        {
            HandOver(now);
        }

        if (Controller.IsDue(number, now))
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
    public void Cancel(Waiter waiter) => TryCancel(waiter, PassingTime());

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

        // No fence: it stands down only once nobody was refused for long, and whoever begins to shed takes a lock.
        if (_timer.Pace < Pace.Shedding)
        {
            _timer.Raise(Pace.Shedding);
        }
    }

    /// <summary>Turns a request away from the full gate without asking it, if one like it was just refused.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="retryAfterSeconds">What it is told.</param>
    internal bool TryTurnAway(Priority priority, out int retryAfterSeconds) => _full.TryTurnAway(priority, out retryAfterSeconds);

    /// <summary>A request was refused only because the gate is full: for a moment others like it need not ask.</summary>
    internal void NoteFull(Priority priority, long now) => _full.Post(priority, now);

    private void HandOver(long now)
    {
        DecidedWaiters decided = default;
        Gate.HandOver(now, ref decided);
        decided.Tell();
    }

    private PendingAdmission RentPending() => _pool.TryRent() ?? new PendingAdmission(this);

    // FNV-1a: the same name spreads the same way in every run, which the laboratory needs.
    private static uint SeedOf(string name) => name.Aggregate(2166136261u, static (hash, c) => (hash ^ c) * 16777619);
}
