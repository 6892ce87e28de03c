using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Observability;
using Microsoft.Extensions.Logging;

namespace Backpressure.Downstreams;

/// <summary>All downstreams by name, those that a reload has dropped included until the end, and what has been decided at each.</summary>
internal sealed class DownstreamSet : IDisposable
{
    private readonly ConcurrentDictionary<string, Downstream> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<(string Policy, string Downstream), DecisionCounters> _counters = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile Action<Downstream, ServiceCharge>? _taken;
    private volatile Downstream[] _all = [];

    public DownstreamSet(TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
    }

    /// <summary>Called whenever one of them looks at its limit.</summary>
    public Action<long>? Looked { get; init; }

    /// <summary>Where their changes of state are kept; null: nowhere.</summary>
    public StateChanges? Changes { get; init; }

    /// <summary>Told what requests that had to wait have really taken; null: nobody wants to know.</summary>
    public Action<Downstream, ServiceCharge>? Taken
    {
        get => _taken;
        set
        {
            _taken = value;
            foreach (Downstream downstream in All)
            {
                downstream.Taken = value;
            }
        }
    }

    /// <summary>Every gate there is, shadows included. Kept, since signals go through it ten times a second.</summary>
    public Downstream[] All => _all;

    /// <summary>Brings the downstreams in line with new settings. Not to be called twice at once.</summary>
    public void Reconfigure(ShedderSettings settings)
    {
        foreach (DownstreamSettings wanted in settings.Downstreams.Values)
        {
            if (!_byName.TryGetValue(wanted.Name, out Downstream? downstream))
            {
                downstream = new Downstream(wanted, shadow: false, _time, _logger) { Looked = Looked, Changes = Changes, Taken = _taken };
                _byName[wanted.Name] = downstream;
            }
            else
            {
                downstream.Reconfigure(wanted);
            }

            // What was observed while it had no shadow teaches nothing later: a new shadow starts afresh.
            bool observed = settings.Policies.Values.Any(p => p.Mode == BackpressureMode.Observe && !p.Exempt && IsSame(p.Downstream, wanted.Name));
            if (!observed)
            {
                if (downstream.Shadow is { } obsolete)
                {
                    // Whoever waits in it is running all along: counted as admitted, not as refused by a shutdown.
                    downstream.Shadow = null;
                    obsolete.Release(static _ => true);
                    obsolete.Dispose();
                }
            }
            else if (downstream.Shadow is { } shadow)
            {
                shadow.Reconfigure(wanted);
            }
            else
            {
                downstream.Shadow = new Downstream(wanted, shadow: true, _time, _logger) { Looked = Looked, Changes = Changes, Taken = _taken };
            }
        }

        Gather();
    }

    /// <summary>Takes out a downstream that no settings name any more and nobody uses, with its counts.</summary>
    public void Forget(string name)
    {
        if (_byName.TryRemove(name, out Downstream? downstream))
        {
            downstream.Shadow?.Dispose();
            downstream.Dispose();
            foreach ((string Policy, string Downstream) key in _counters.Keys.Where(key => IsSame(key.Downstream, name)))
            {
                _counters.TryRemove(key, out _);
            }

            Gather();
        }
    }

    public ResolvedClass Resolve(RequestClass requestClass, PolicySettings policy, ShedderSettings settings)
    {
        Downstream downstream = _byName[policy.Downstream];
        bool exempt = requestClass.Exempt || policy.Exempt;
        return new ResolvedClass
        {
            Owner = requestClass.Owner,
            Settings = settings,
            Policy = policy,
            Route = requestClass.Route,
            Downstream = downstream,
            Priority = requestClass.Priority ?? policy.Priority,
            Mode = policy.Mode,
            Exempt = exempt,
            IsPlain = policy.Mode == BackpressureMode.Enforce && !exempt && policy.RateLimit is null
                && settings.MaxConcurrentRequests is null && downstream.Shadow is null
                && ReferenceEquals(_time, TimeProvider.System),
            RouteIndex = downstream.Meter.RouteIndex(requestClass.Route),
            ShadowRouteIndex = downstream.Shadow?.Meter.RouteIndex(requestClass.Route) ?? 0,
            MaxWait = (long)(policy.MaxWait.TotalSeconds * _time.TimestampFrequency),
            ShedsSameUsers = settings.Downstreams[policy.Downstream].Queue.ShedSameUsers,
            Counters = _counters.GetOrAdd((policy.Name, downstream.Name), static key => new DecisionCounters(key.Policy, key.Downstream)),
        };
    }

    public IEnumerable<Measurement<long>> MeasureQueueDepth() =>
        from gate in All
        from priority in Enum.GetValues<Priority>()
        select new Measurement<long>(gate.Gate.WaitingOf(priority), [.. TagsOf(gate), new(Tags.Priority, priority.Tag())]);

    public IEnumerable<Measurement<long>> MeasureActive()
    {
        foreach (Downstream gate in All)
        {
            yield return Active(gate.Gate.InFlight, "ordinary", gate);
            if (!gate.IsShadow)
            {
                yield return Active(gate.Exempt, "exempt", gate);
                yield return Active(gate.LongLived, "long_lived", gate);
                yield return Active(gate.Observed, "observed", gate);
                yield return Active(gate.FailedOpen, "failed_open", gate);
            }
        }

        static Measurement<long> Active(int count, string kind, Downstream gate) => new(count, [.. TagsOf(gate), new(Tags.Kind, kind)]);
    }

    public IEnumerable<Measurement<long>> MeasureLimit() => All.Select(gate => new Measurement<long>(gate.Gate.Limit, TagsOf(gate)));

    public IEnumerable<Measurement<long>> MeasureLimitFloor() => All.Select(gate => new Measurement<long>(gate.LimitFloor, TagsOf(gate)));

    /// <summary>Totals of all critical requests that came to a gate.</summary>
    public CriticalCounts CountCritical()
    {
        var totals = new DecisionTotals();
        foreach (DecisionCounters counters in _counters.Values)
        {
            totals.Add(counters);
        }

        return new CriticalCounts(totals.Of(AdmissionDecision.Admitted, Priority.Critical), totals.RefusedForCapacity(Priority.Critical));
    }

    public IEnumerable<Measurement<long>> MeasureDecisions() => _counters.Values.SelectMany(counters => counters.Measure());

    /// <summary>What has been decided at each downstream so far, apart for policies that are observed now.</summary>
    public Dictionary<(string Downstream, bool Observed), DecisionTotals> Totals(ShedderSettings settings)
    {
        var totals = new Dictionary<(string, bool), DecisionTotals>();
        foreach (DecisionCounters counters in _counters.Values)
        {
            bool observed = settings.FindPolicy(counters.Policy) is { Mode: BackpressureMode.Observe };
            if (!totals.TryGetValue((counters.Downstream, observed), out DecisionTotals? sum))
            {
                totals[(counters.Downstream, observed)] = sum = new DecisionTotals();
            }

            sum.Add(counters);
        }

        return totals;
    }

    public void Dispose()
    {
        foreach (Downstream downstream in All)
        {
            downstream.Dispose();
        }
    }

    private void Gather() => _all = [.. _byName.Values, .. _byName.Values.Select(static downstream => downstream.Shadow).OfType<Downstream>()];

    private static bool IsSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static KeyValuePair<string, object?>[] TagsOf(Downstream gate) =>
    [
        new(Tags.Downstream, gate.Name),
        new(Tags.Mode, (gate.IsShadow ? BackpressureMode.Observe : BackpressureMode.Enforce).Tag()),
    ];
}
