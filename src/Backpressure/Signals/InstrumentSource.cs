using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Backpressure.Configuration;

namespace Backpressure.Signals;

/// <summary>Reads an instrument of any library by listening to it, as an exporter would.</summary>
/// <remarks>
/// Every combination of tags is a series with a cell of its own. Counters and up-down counters tell of changes, which are added up
/// from the start; gauges tell of values; histograms of events, kept since the last look; observable instruments are asked at each look.
/// </remarks>
internal sealed class InstrumentSource : ISignalSource
{
    /// <summary>Series of an instrument with cells of their own; all others share one. One with more is no measure of capacity.</summary>
    private const int MaxSeries = 1000;

    private readonly SignalSettings _settings;
    private readonly long _ticksPerSecond;
    private readonly MeterListener _listener;
    private readonly SeenMeters _seen;
    private readonly Lock _changing = new();
    private volatile Heard[] _heard = [];
    private SeriesKind _kind;
    private long _look;
    private long _readAt;
    private double _sum = double.NaN;

    public InstrumentSource(SignalSettings settings, long ticksPerSecond, long now)
    {
        _settings = settings;
        _ticksPerSecond = ticksPerSecond;
        _readAt = now;
        _seen = new SeenMeters(settings.Meter, settings.Instrument);
        _listener = new MeterListener { InstrumentPublished = Published, MeasurementsCompleted = Ended };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, me) => Measured(value, tags, me));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, me) => Measured(value, tags, me));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, me) => Measured(value, tags, me));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, me) => Measured(value, tags, me));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, me) => Measured(value, tags, me));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, me) => Measured(value, tags, me));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, me) => Measured((double)value, tags, me));
        _listener.Start();
    }

    public string Absence => _heard.Length == 0
        ? _seen.Describe()
        : string.Create(CultureInfo.InvariantCulture, $"The instrument is there, but has no measurement{(_settings.Tags.Count > 0 ? " with these tags" : string.Empty)}.");

    public double Read(long now)
    {
        if (_heard.Length == 0)
        {
            return double.NaN;
        }

        _look++;
        _listener.RecordObservableInstruments();
        double seconds = (double)(now - _readAt) / _ticksPerSecond;
        _readAt = now;
        return Aggregate(seconds);
    }

    public void Dispose() => _listener.Dispose();

    private double Aggregate(double seconds)
    {
        double sum = 0;
        double max = double.NegativeInfinity;
        double count = 0;
        foreach (Heard heard in _heard)
        {
            foreach (SeriesCell cell in heard.Cells)
            {
                Add(cell);
            }

            Add(heard.Others);
        }

        switch (_settings.Aggregation)
        {
            case SignalAggregation.Max:
                return count > 0 ? max : double.NaN;
            case SignalAggregation.Average:
                return count > 0 ? sum / count : double.NaN;
            case SignalAggregation.Rate:
                double grown = _kind == SeriesKind.Events ? sum : sum - _sum;
                bool first = double.IsNaN(_sum);
                _sum = sum;
                return first || seconds <= 0 ? double.NaN : grown / seconds;
            default:
                return sum;
        }

        void Add(SeriesCell cell)
        {
            SeriesReading reading = cell.Take(_kind, _look);
            sum += reading.Sum;
            count += reading.Count;
            max = reading.Count > 0 ? Math.Max(max, reading.Max) : max;
        }
    }

    // One of the same name (another instance of the library, each with a meter of its own) has series of its own, also where their tags
    // are the same, until its meter ends. One of another kind would mean something else.
    private void Published(Instrument instrument, MeterListener listener)
    {
        _seen.Note(instrument);
        if (instrument.Meter.Name != _settings.Meter || instrument.Name != _settings.Instrument)
        {
            return;
        }

        SeriesKind kind = KindOf(instrument);
        var heard = new Heard(this);
        lock (_changing)
        {
            if (_heard.Length > 0 && _kind != kind)
            {
                return;
            }

            _kind = kind;
            _heard = [.. _heard, heard];
        }

        listener.EnableMeasurementEvents(instrument, heard);
    }

    private void Ended(Instrument _, object? state)
    {
        lock (_changing)
        {
            _heard = [.. _heard.Where(heard => !ReferenceEquals(heard, state))];
        }
    }

    private static SeriesKind KindOf(Instrument instrument)
    {
        if (instrument.IsObservable)
        {
            return SeriesKind.Observed;
        }

        string name = instrument.GetType().Name;
        return name.StartsWith("Histogram", StringComparison.Ordinal) ? SeriesKind.Events
            : name.StartsWith("Gauge", StringComparison.Ordinal) ? SeriesKind.Values
            : SeriesKind.Changes;
    }

    // Runs within the library that measures: short, and it must not throw.
    private static void Measured(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var heard = (Heard)state!;
        if (double.IsFinite(value) && heard.Source.IsWanted(tags))
        {
            heard.CellOf(tags).Record(value, heard.Source._kind, heard.Source._look);
        }
    }

    private bool IsWanted(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        for (int i = 0; i < _settings.Tags.Count; i++)
        {
            if (!Has(tags, _settings.Tags[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Has(ReadOnlySpan<KeyValuePair<string, object?>> tags, KeyValuePair<string, string> wanted)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (tag.Key == wanted.Key)
            {
                return (tag.Value as string ?? Convert.ToString(tag.Value, CultureInfo.InvariantCulture)) == wanted.Value;
            }
        }

        return false;
    }

    /// <summary>One instrument that is listened to.</summary>
    private sealed class Heard(InstrumentSource source)
    {
        private readonly ConcurrentDictionary<ulong, SeriesCell> _series = new();
        private readonly Lock _adding = new();
        private volatile SeriesCell[] _cells = [];

        public InstrumentSource Source => source;

        /// <summary>Kept, since to go through a dictionary allocates.</summary>
        public SeriesCell[] Cells => _cells;

        public SeriesCell Others { get; } = new();

        public SeriesCell CellOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            ulong key = 14695981039346656037;
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                // Without regard to their order, which callers may change.
                key += ((((ulong)(uint)tag.Key.GetHashCode(StringComparison.Ordinal)) << 32) | (uint)(tag.Value?.GetHashCode() ?? 0)) * 0x9E3779B97F4A7C15;
            }

            return _series.TryGetValue(key, out SeriesCell? cell) ? cell : _cells.Length >= MaxSeries ? Others : Add(key);
        }

        private SeriesCell Add(ulong key)
        {
            lock (_adding)
            {
                if (_series.TryGetValue(key, out SeriesCell? cell))
                {
                    return cell;
                }

                // Found by those who measure only once it is among those that are read.
                cell = new SeriesCell();
                _cells = [.. _cells, cell];
                _series[key] = cell;
                return cell;
            }
        }
    }
}
