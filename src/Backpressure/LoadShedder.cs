using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Observability;
using Backpressure.RateLimiting;
using Backpressure.Signals;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Backpressure;

/// <summary>
/// Decides which requests run now, which wait and which are refused, on the live capacity of the downstreams they use.
/// A request's way: classify, rate limit, admit or queue, run, measure, adapt, observe.
/// </summary>
/// <remarks>All members may be used from any thread at once.</remarks>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A fault of our own fails open: it must never cost a request.")]
public sealed partial class LoadShedder : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ShedderLog _log;
    private readonly ShedderMetrics _metrics;
    private readonly DownstreamSet _downstreams;
    private readonly RateLimitStage _rateLimits;
    private readonly SignalBoard _signals;
    private readonly SignalLog _signalLog;
    private readonly StateChanges _changes;
    private readonly Lock _reload = new();
    private ShedderSettings _settings;
    private long _inSystem;
    private long _observedInSystem;
    private bool _shuttingDown;
    private bool _disposed;

    /// <summary>Builds a shedder.</summary>
    /// <param name="options">What is wanted; read once. Change it by <see cref="Reconfigure(BackpressureOptions)"/>.</param>
    /// <param name="timeProvider">The clock; <see langword="null"/>: the system's.</param>
    /// <param name="loggerFactory">Where rejections (Debug) and changes of state are logged; <see langword="null"/>: nowhere.</param>
    /// <param name="meterFactory">Makes the meter <c>Backpressure</c>; <see langword="null"/>: one of its own.</param>
    /// <param name="signals">Readings of one's own, for signals of kind <see cref="SignalKind.Custom"/>; <see langword="null"/>: none.</param>
    /// <exception cref="BackpressureOptionsException">The options are invalid; all errors are listed.</exception>
    public LoadShedder(
        BackpressureOptions options,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        IEnumerable<ICapacitySignal>? signals = null)
        : this(SettingsFactory.Build(options), timeProvider, loggerFactory, meterFactory, signals)
    {
    }

    internal LoadShedder(
        ShedderSettings settings,
        TimeProvider? timeProvider,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        IEnumerable<ICapacitySignal>? signals = null,
        IFleetStore? fleet = null)
    {
        _time = timeProvider ?? TimeProvider.System;
        ILogger logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Backpressure");
        _log = new ShedderLog(logger);
        _signalLog = new SignalLog(logger);
        _changes = new StateChanges(_time);
        _downstreams = new DownstreamSet(_time, logger) { Looked = LookAtSignals, Changes = _changes };
        _signals = new SignalBoard(_time, new SignalSources(_time, signals ?? []), TellOfSignal, ApplySignals);
        _rateLimits = new RateLimitStage(settings.RateLimits.Values, _time, fleet: fleet);
        _settings = settings;
        _downstreams.Reconfigure(settings);
        _signals.Reconfigure(settings);
        _metrics = new ShedderMetrics(
            meterFactory, _downstreams.MeasureQueueDepth, _downstreams.MeasureActive, _downstreams.MeasureLimit, _downstreams.MeasureLimitFloor, _downstreams.MeasureDecisions,
            MeasureSignals, MeasureSignalValues, MeasureStaleSignals);
    }

    /// <summary>The configuration in force; a reload swaps the reference.</summary>
    internal ShedderSettings Settings => Volatile.Read(ref _settings);

    internal long Now => _time.GetTimestamp();

    /// <summary>Reads whose request it is from its <see cref="AdmissionRequest.PartitionSource"/>, as a <see cref="PartitionHash"/>.</summary>
    internal Func<object, PartitionSettings, ulong>? PartitionReader { get; set; }

    /// <summary>
    /// Replaces the configuration: for the next request, with everybody kept who waits or runs. Whoever waits under a
    /// policy that is no longer enforced is let through.
    /// </summary>
    /// <param name="options">What is wanted.</param>
    /// <exception cref="BackpressureOptionsException">The options are invalid; the old ones stay in force.</exception>
    public void Reconfigure(BackpressureOptions options) => Reconfigure(SettingsFactory.Build(options));

    /// <summary>
    /// A kind of request, worked out once and kept. A policy name that is not configured is logged once and the default
    /// policy used; by a reload that adds it, it comes into force.
    /// </summary>
    /// <param name="route">The route whose latency its requests share; few and bounded, never a raw path.</param>
    /// <param name="policy">The policy's name; <see langword="null"/>: the default policy.</param>
    /// <param name="priority">The priority in place of the policy's; <see langword="null"/>: the policy's.</param>
    /// <param name="exempt">Whether its requests are counted apart and never held back.</param>
    /// <returns>The class, for <see cref="AdmissionRequest"/>.</returns>
    public RequestClass ClassOf(string route, string? policy = null, Priority? priority = null, bool exempt = false)
    {
        ArgumentNullException.ThrowIfNull(route);
        if (priority is { } given && !given.IsDefined())
        {
            throw new ArgumentOutOfRangeException(nameof(priority), priority, "Not a priority.");
        }

        return new RequestClass(this, route, policy, priority, exempt);
    }

    /// <summary>
    /// Asks for admission: answered at once when the gate is free or refuses, later when the request waits. Never
    /// throws for what happens to a request: a wait that is cancelled ends in a lease that is rejected with
    /// <see cref="RejectionReason.ClientAborted"/>, and a fault of our own in one that is
    /// <see cref="AdmissionDecision.FailedOpen"/>.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Fires when the caller is gone. It ends a wait; it never frees a running request's slot.</param>
    /// <returns>The lease, to be completed once if it is admitted.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ValueTask<AdmissionLease> AdmitAsync(in AdmissionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request.Class);
        AdmissionLease lease = default;
        return TryDecidePlain(in request, ref lease) ? new ValueTask<AdmissionLease>(lease) : AdmitByStages(in request, cancellationToken);
    }

    /// <summary>
    /// Shuts down: whoever comes from now is refused, as are those that wait and may be shed; those that block are
    /// served on, as is what runs. Exempt requests pass. There is no way back.
    /// </summary>
    public void BeginShutdown()
    {
        Volatile.Write(ref _shuttingDown, true);
        foreach (Downstream downstream in _downstreams.All)
        {
            downstream.Close();
        }
    }

    /// <summary>Refuses all who still wait and stops the timers. Leases may still be completed.</summary>
    public void Dispose()
    {
        lock (_reload)
        {
            // A reload that comes now would bring gates and timers that nobody ends.
            _disposed = true;
        }

        BeginShutdown();
        _signals.Dispose();
        _downstreams.Dispose();
        _rateLimits.Dispose();
        _metrics.Dispose();
    }

    /// <summary>The policy in force for a class now.</summary>
    internal PolicySettings PolicyOf(RequestClass requestClass) => Resolve(requestClass).Policy;

    /// <summary>What is in flight at a lease's gate and its limit: the shadow's, for an observed request.</summary>
    internal static (int InFlight, int Limit) ReadingOf(in AdmissionLease lease)
    {
        Downstream downstream = lease.Class.Downstream;
        Gate gate = (lease.Class.Mode == BackpressureMode.Observe ? downstream.Shadow ?? downstream : downstream).Gate;
        return (gate.InFlight, gate.Limit);
    }

    /// <summary>What requests of a lease's route usually take; zero: not known.</summary>
    internal static TimeSpan UsualServiceOf(in AdmissionLease lease) =>
        lease.Class.Owner.ToTimeSpan(lease.Class.Downstream.Meter.UsualLatencyTicks(lease.Class.RouteIndex));

    internal void Reconfigure(ShedderSettings settings)
    {
        lock (_reload)
        {
            if (_disposed)
            {
                return;
            }

            _downstreams.Reconfigure(settings);
            _signals.Reconfigure(settings);
            _rateLimits.Reconfigure(settings.RateLimits.Values);
            Volatile.Write(ref _settings, settings);
            foreach (Downstream downstream in _downstreams.All)
            {
                downstream.Release(waiter => !IsDecidedBy(downstream, waiter, settings));
            }
        }
    }

    /// <summary>Lets go of downstreams that the settings in force do not name. Nobody may be at them.</summary>
    internal void Forget(IEnumerable<string> downstreams)
    {
        lock (_reload)
        {
            foreach (string name in downstreams)
            {
                _downstreams.Forget(name);
            }
        }
    }

    /// <summary>Whether somebody listens to service times.</summary>
    internal bool RecordsServed => _metrics.RecordsServed;

    internal TimeSpan ToTimeSpan(long ticks) => _time.GetElapsedTime(0, ticks);

    internal void LeaveCeiling(bool observed)
    {
        ref long count = ref observed ? ref _observedInSystem : ref _inSystem;
        Interlocked.Decrement(ref count);
    }

    internal void RecordServed(ResolvedClass resolved, Priority priority, Outcome outcome, long latency) =>
        _metrics.Served(resolved.Downstream.Name, priority, outcome, (double)latency / _time.TimestampFrequency);

    /// <summary>A fault that costs a measurement or a log line, but changes no decision.</summary>
    internal void NoteFault(Exception fault) => _log.Fault(fault);

    /// <summary>Turns the gate's answer to a wait into the lease's.</summary>
    internal AdmissionLease Settle(PendingAdmission pending)
    {
        ResolvedClass resolved = pending.Lease.Class;
        if (pending.State != WaiterState.Admitted || !resolved.IsPlain || _metrics.RecordsWaits)
        {
            return SettleByParts(pending, resolved);
        }

        var lease = new AdmissionLease(pending, resolved.Downstream.Sampling.WeightOf(resolved.Counters.Admitted(pending.Priority)));
        if (lease.IsOneOfMany)
        {
            // Those that it stands for are not measured, and so the time that it was handed is not that fine.
            lease.RestartAt(Now);
        }

        return lease;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private AdmissionLease SettleByParts(PendingAdmission pending, ResolvedClass resolved)
    {
        var lease = new AdmissionLease(pending);
        switch (pending.State)
        {
            case WaiterState.Admitted:
                Admit(ref lease, resolved);
                if (lease.IsOneOfMany)
                {
                    lease.RestartAt(Now);
                }

                break;
            case WaiterState.Released:
                lease.Bypass();
                resolved.Counters.Bypassed(lease.Priority);
                break;
            default:
                Refuse(ref lease, pending.Refusal);
                break;
        }

        if (!_metrics.RecordsWaits)
        {
            return lease;
        }

        try
        {
            _metrics.Waited(resolved.Downstream.Name, lease.Priority, lease.Decision, lease.Wait);
        }
        catch (Exception fault)
        {
            NoteFault(fault);
        }

        return lease;
    }
}
