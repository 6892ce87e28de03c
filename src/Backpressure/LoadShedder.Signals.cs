using System.Diagnostics.Metrics;
using System.Globalization;
using Backpressure.Downstreams;
using Backpressure.Observability;
using Backpressure.Signals;

namespace Backpressure;

/// <content>Signals: read, carried to the downstreams that name them, and told of.</content>
public sealed partial class LoadShedder
{
    /// <summary>The signal that keeps the limit of a lease's downstream below its law's; null: none.</summary>
    internal static string? LimitedBy(in AdmissionLease lease) => lease.Class.Downstream.LimitedBy;

    /// <summary>Whether waits for a thread of the pool are a signal of a lease's downstream, up or not.</summary>
    internal static bool HeedsThreadPool(in AdmissionLease lease) => lease.Class.Downstream.HeedsThreadPool;

    // Called by requests and timers: what goes wrong costs a look at the signals, nothing else.
    private void ApplySignals(long now)
    {
        try
        {
            foreach (Downstream downstream in _downstreams.All)
            {
                // Until it is in force as it is now: whoever is held up between reading and setting would put an old level over that
                // of a reload, and where this has taken the last signal away nobody would look again.
                (double Level, string? Signal) seen;
                do
                {
                    seen = _signals.StrongestOf(downstream.Signals);
                    if (downstream.SetPressure(seen.Level, seen.Signal, now))
                    {
                        TellOfHeld(downstream.Name, seen.Signal!);
                    }
                }
                while (_signals.StrongestOf(downstream.Signals) != seen);
            }
        }
        catch (Exception fault)
        {
            NoteFault(fault);
        }
    }

    private void LookAtSignals(long now) => _signals.LookIfDue(now);

    private void TellOfSignal(SignalChange change)
    {
        Signal signal = change.Signal;
        string name = signal.Settings.Name;
        (StateChangeKind kind, string text) = Describe(change);
        _changes.Add(kind, name, text);
        switch (change.Kind)
        {
            case SignalChangeKind.BeganLowering:
                _signalLog.BeganLowering(name, signal.Value, signal.Settings.Soft);
                break;
            case SignalChangeKind.StoppedLowering:
                _signalLog.StoppedLowering(name, signal.Value);
                break;
            case SignalChangeKind.WentStale:
                _signalLog.WentStale(name, signal.Settings.StaleAfter.TotalSeconds, change.Absence);
                break;
            case SignalChangeKind.CameBack:
                _signalLog.CameBack(name);
                break;
            case SignalChangeKind.Faulted:
                _signalLog.Faulted(name, change.Fault!);
                break;
        }
    }

    private void TellOfHeld(string downstream, string name)
    {
        if (_signals.All.FirstOrDefault(signal => signal.Settings.Name == name) is { } signal)
        {
            _signalLog.HeldDown(downstream, HeldState.Minutes, name, signal.Value, signal.Settings.Soft);
        }
    }

    private static (StateChangeKind Kind, string Text) Describe(SignalChange change)
    {
        Signal signal = change.Signal;
        return change.Kind switch
        {
            SignalChangeKind.BeganLowering => (StateChangeKind.SignalUp, Text($"Began to lower limits: it reads {signal.Value:G4}, above what it may ({signal.Settings.Soft}).")),
            SignalChangeKind.StoppedLowering => (StateChangeKind.SignalDown, Text($"Stopped lowering limits: it reads {signal.Value:G4}.")),
            SignalChangeKind.WentStale => (StateChangeKind.SignalStale, Text($"No reading for {signal.Settings.StaleAfter.TotalSeconds} s, so it does not count. {change.Absence}")),
            SignalChangeKind.CameBack => (StateChangeKind.SignalBack, "Has readings again and counts."),
            _ => (StateChangeKind.SignalFaulted, Text($"Reading it failed with {change.Fault?.GetType().Name}.")),
        };

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    private IEnumerable<Measurement<double>> MeasureSignals() =>
        _signals.All.Select(static signal => new Measurement<double>(signal.Level, TagsOf(signal)));

    private IEnumerable<Measurement<double>> MeasureSignalValues() =>
        _signals.All.Where(static signal => double.IsFinite(signal.Value)).Select(static signal => new Measurement<double>(signal.Value, TagsOf(signal)));

    private IEnumerable<Measurement<int>> MeasureStaleSignals() =>
        _signals.All.Select(static signal => new Measurement<int>(signal.IsStale ? 1 : 0, TagsOf(signal)));

    private static KeyValuePair<string, object?>[] TagsOf(Signal signal) => [new(Tags.Signal, signal.Settings.Name)];
}
