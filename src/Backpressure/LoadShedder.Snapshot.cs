using Backpressure.Adaptation;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Observability;

namespace Backpressure;

/// <content>What it tells of itself to whoever looks: no request pays for it.</content>
public sealed partial class LoadShedder
{
    /// <summary>The last changes of state.</summary>
    internal StateChanges Changes => _changes;

    /// <summary>Told what requests that had to wait have really taken; null: nobody wants to know. Must not throw.</summary>
    internal Action<Downstream, ServiceCharge>? Taken
    {
        get => _downstreams.Taken;
        set => _downstreams.Taken = value;
    }

    /// <summary>Reads all gates, decisions and signals. Takes each gate's controller's lock for a moment, and no other.</summary>
    internal ShedderSnapshot GetSnapshot()
    {
        long now = Now;
        DateTimeOffset at = _time.GetUtcNow();
        ShedderSettings settings = Settings;
        return new ShedderSnapshot
        {
            At = at,
            Timestamp = now,
            Settings = settings,
            ShuttingDown = Volatile.Read(ref _shuttingDown),
            Gates =
            [
                .. _downstreams.All
                    .OrderBy(static gate => gate.Name, StringComparer.OrdinalIgnoreCase).ThenBy(static gate => gate.IsShadow)
                    .Select(gate => SnapshotOf(gate, now, at)),
            ],
            Decisions = _downstreams.Totals(settings),
            Signals = [.. _signals.All.Select(static signal => new SignalSnapshot(signal.Settings, signal.Level, signal.Value, signal.IsStale))],
        };
    }

    private GateSnapshot SnapshotOf(Downstream downstream, long now, DateTimeOffset at)
    {
        Gate gate = downstream.Gate;
        LimitDecision law = downstream.Controller.Current;
        return new GateSnapshot
        {
            Downstream = downstream.Name,
            IsShadow = downstream.IsShadow,
            Settings = downstream.Settings,
            Limit = gate.Limit,
            LawLimit = law.Limit,
            LawReason = law.Reason.ToString(),
            LimitedBy = downstream.LimitedBy,
            InFlight = gate.InFlight,
            Exempt = downstream.Exempt,
            LongLived = downstream.LongLived,
            Observed = downstream.Observed,
            FailedOpen = downstream.FailedOpen,
            Waiting = [.. Priorities.All.Select(gate.WaitingOf)],
            Capacity = downstream.Settings.Queue.CapacityAt(gate.Nominal),
            DrainPerSecond = gate.DrainPerSecond,
            SheddingSince = downstream.SheddingSince is { } since ? at - ToTimeSpan(now - since) : null,
        };
    }
}
