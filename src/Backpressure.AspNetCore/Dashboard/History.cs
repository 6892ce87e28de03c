using System.Text.Json;
using Backpressure.Configuration;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>
/// The last ten minutes, a row a second for each gate and signal: so that whoever opens the page at three in the morning sees what
/// led to it. Always about 70 kB a gate, for no more than 64 gates and 64 signals.
/// </summary>
internal sealed class History
{
    /// <summary>Rows: ten minutes.</summary>
    public const int Length = 600;

    /// <summary>Gates and signals beyond have no history; the page still shows them as they stand.</summary>
    public const int Most = 64;

    private readonly Lock _lock = new();
    private readonly double[] _times = new double[Length];
    private readonly Dictionary<string, GateSeries> _gates = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, float[]> _signals = new(StringComparer.OrdinalIgnoreCase);
    private ShedderSettings? _settings;
    private long _timestamp;
    private long _rows;

    /// <summary>The name that a gate has in history: its downstream's, and what it is.</summary>
    public static string IdOf(GateSnapshot gate) => gate.IsShadow ? $"{gate.Downstream} (observed)" : gate.Downstream;

    /// <summary>What was decided at a gate.</summary>
    public static DecisionTotals TotalsOf(ShedderSnapshot snapshot, GateSnapshot gate) =>
        snapshot.Decisions.TryGetValue((gate.Downstream, gate.IsShadow), out DecisionTotals? totals) ? totals : DecisionTotals.None;

    /// <summary>Adds a row to everything.</summary>
    /// <param name="snapshot">The state now.</param>
    /// <param name="ticksPerSecond">The resolution of its timestamp.</param>
    public void Append(ShedderSnapshot snapshot, long ticksPerSecond)
    {
        lock (_lock)
        {
            // A reload may move a policy's totals from a gate to its shadow, or back.
            bool comparable = _rows > 0 && ReferenceEquals(_settings, snapshot.Settings);
            double seconds = comparable ? (double)(snapshot.Timestamp - _timestamp) / ticksPerSecond : 0;
            (_settings, _timestamp) = (snapshot.Settings, snapshot.Timestamp);
            int index = (int)(_rows++ % Length);
            _times[index] = snapshot.At.ToUnixTimeMilliseconds() / 1000.0;
            foreach (GateSeries series in _gates.Values)
            {
                series.Clear(index);
            }

            foreach (float[] levels in _signals.Values)
            {
                levels[index] = float.NaN;
            }

            foreach (GateSnapshot gate in snapshot.Gates)
            {
                SeriesOf(IdOf(gate))?.Write(index, gate, TotalsOf(snapshot, gate), seconds);
            }

            foreach (SignalSnapshot signal in snapshot.Signals)
            {
                if (LevelsOf(signal.Settings.Name) is { } levels)
                {
                    levels[index] = (float)signal.Level;
                }
            }
        }
    }

    /// <summary>A gate's last row; empty: it has none.</summary>
    public float[] LastOf(string gate)
    {
        lock (_lock)
        {
            return _rows > 0 && _gates.TryGetValue(gate, out GateSeries? series) ? series.Row((int)((_rows - 1) % Length)).ToArray() : [];
        }
    }

    /// <summary>The mean of a gate's last seconds.</summary>
    public float[] MeanOf(string gate, int seconds)
    {
        lock (_lock)
        {
            return _rows > 0 && _gates.TryGetValue(gate, out GateSeries? series)
                ? series.Mean((int)((_rows - 1) % Length), seconds)
                : new float[HistoryFields.Count];
        }
    }

    /// <summary>Writes one gate's rows and the levels of all signals, the oldest first.</summary>
    /// <returns>Whether there is such a gate.</returns>
    public bool TryWrite(Utf8JsonWriter json, string gate)
    {
        lock (_lock)
        {
            if (!_gates.TryGetValue(gate, out GateSeries? series))
            {
                return false;
            }

            json.WriteStartObject();
            json.WriteString("gate", gate);
            WriteNames(json, "fields", HistoryFields.Names);
            WriteNames(json, "signals", _signals.Keys);
            json.WriteStartArray("rows");
            for (long row = Math.Max(0, _rows - Length); row < _rows; row++)
            {
                int index = (int)(row % Length);
                json.WriteStartArray();
                json.WriteNumberValue(_times[index]);
                WriteNumbers(json, series.Row(index));
                foreach (float[] levels in _signals.Values)
                {
                    WriteNumber(json, levels[index]);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            return true;
        }
    }

    /// <summary>Writes numbers as short as they can be read; what is not known as null.</summary>
    public static void WriteNumbers(Utf8JsonWriter json, ReadOnlySpan<float> numbers)
    {
        foreach (float number in numbers)
        {
            WriteNumber(json, number);
        }
    }

    /// <summary>Writes names as an array.</summary>
    public static void WriteNames(Utf8JsonWriter json, string property, IEnumerable<string> names)
    {
        json.WriteStartArray(property);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, float number)
    {
        if (float.IsFinite(number))
        {
            json.WriteNumberValue(Math.Round(number, 3));
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private GateSeries? SeriesOf(string gate)
    {
        if (!_gates.TryGetValue(gate, out GateSeries? series) && _gates.Count < Most)
        {
            _gates[gate] = series = new GateSeries(Length);
        }

        return series;
    }

    private float[]? LevelsOf(string signal)
    {
        if (!_signals.TryGetValue(signal, out float[]? levels) && _signals.Count < Most)
        {
            levels = new float[Length];
            Array.Fill(levels, float.NaN);
            _signals[signal] = levels;
        }

        return levels;
    }
}
