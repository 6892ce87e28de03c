using System.Buffers;
using System.Text.Json;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>Writes what pages are sent: JSON, in server-sent events of the names <c>snapshot</c>, <c>changes</c> and <c>configuration</c>.</summary>
internal sealed class FrameWriter(string service, History history, PartitionLedger partitions)
{
    /// <summary>The headline tells of the last so many seconds.</summary>
    private const int HeadlineSeconds = 10;

    public byte[] WriteSnapshot(ShedderSnapshot snapshot, BackpressureDashboardOptions options) => Event("snapshot", json =>
    {
        json.WriteStartObject();
        json.WriteNumber("at", snapshot.At.ToUnixTimeMilliseconds());
        json.WriteString("service", service);
        json.WriteString("mode", snapshot.Settings.Mode.Tag());
        WriteHeadlines(json, snapshot);
        History.WriteNames(json, "fields", HistoryFields.Names);
        json.WriteStartArray("gates");
        foreach (GateSnapshot gate in snapshot.Gates)
        {
            WriteGate(json, snapshot, gate);
        }

        json.WriteEndArray();
        json.WriteStartArray("signals");
        foreach (SignalSnapshot signal in snapshot.Signals)
        {
            WriteSignal(json, signal);
        }

        json.WriteEndArray();
        json.WriteStartArray("partitions");
        foreach (PartitionShare partition in partitions.Heaviest(options.Partitions))
        {
            json.WriteStartObject();
            json.WriteString("name", partition.Name);
            json.WriteNumber("seconds", Math.Round(partition.Seconds, 2));
            json.WriteNumber("share", Math.Round(partition.Share, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static byte[] WriteChanges(StateChange[] changes) => Event("changes", json =>
    {
        json.WriteStartArray();
        foreach (StateChange change in changes.Reverse())
        {
            json.WriteStartObject();
            json.WriteNumber("at", change.At.ToUnixTimeMilliseconds());
            json.WriteString("kind", change.Kind.ToString());
            json.WriteString("subject", change.Subject);
            json.WriteString("text", change.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static byte[] WriteConfiguration(IReadOnlyList<ConfigurationRow> rows) => Event("configuration", json =>
    {
        json.WriteStartArray();
        foreach (ConfigurationRow row in rows)
        {
            json.WriteStartObject();
            json.WriteString("key", row.Key);
            json.WriteString("value", row.Value);
            json.WriteString("origin", row.Origin);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>A gate's last ten minutes; null: there is no such gate.</summary>
    public byte[]? WriteHistory(string gate)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        if (!history.TryWrite(json, gate))
        {
            return null;
        }

        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    // JSON has no line breaks of its own, so one line of data is all of it.
    private static byte[] Event(string name, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        buffer.Write("event: "u8);
        buffer.Write(System.Text.Encoding.UTF8.GetBytes(name));
        buffer.Write("\ndata: "u8);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        buffer.Write("\n\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private void WriteHeadlines(Utf8JsonWriter json, ShedderSnapshot snapshot)
    {
        json.WriteStartArray("headlines");
        foreach (Headline headline in Headline.Of(snapshot, gate => history.MeanOf(gate, HeadlineSeconds)))
        {
            json.WriteStartObject();
            json.WriteString("state", headline.State.ToString());
            json.WriteString("title", headline.Title);
            json.WriteString("why", headline.Why);
            json.WriteString("do", headline.Do);
            json.WriteString("gate", headline.Gate);
            WriteTime(json, "since", headline.Since);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteGate(Utf8JsonWriter json, ShedderSnapshot snapshot, GateSnapshot gate)
    {
        string id = History.IdOf(gate);
        DecisionTotals totals = History.TotalsOf(snapshot, gate);
        AdmissionDecision refusal = GateSeries.RefusalOf(gate);
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("downstream", gate.Downstream);
        json.WriteBoolean("observed", gate.IsShadow);
        json.WriteString("algorithm", gate.Settings.Limit.Algorithm.ToString());
        json.WriteNumber("limit", gate.Limit);
        json.WriteNumber("lawLimit", gate.LawLimit);
        json.WriteString("lawReason", gate.LawReason);
        json.WriteString("limitedBy", gate.LimitedBy);
        json.WriteNumber("min", gate.Settings.Limit.Min);
        json.WriteNumber("max", gate.Settings.Limit.Max);
        json.WriteNumber("inFlight", gate.InFlight);
        json.WriteNumber("exempt", gate.Exempt);
        json.WriteNumber("longLived", gate.LongLived);
        json.WriteNumber("observedNow", gate.Observed);
        json.WriteNumber("failedOpen", gate.FailedOpen);
        json.WriteNumber("capacity", gate.Capacity);
        json.WriteNumber("blockCapacity", gate.Settings.Queue.BlockCapacity);
        WriteTime(json, "sheddingSince", gate.SheddingSince);
        json.WriteStartArray("row");
        History.WriteNumbers(json, history.LastOf(id));
        json.WriteEndArray();
        json.WriteStartArray("mean");
        History.WriteNumbers(json, history.MeanOf(id, HeadlineSeconds));
        json.WriteEndArray();
        WriteTotals(json, "waiting", priority => gate.Waiting[(int)priority]);
        WriteTotals(json, "served", priority => GateSeries.ServedOf(gate, totals, priority));
        WriteTotals(json, "refused", priority => totals.Of(refusal, priority));
        json.WriteStartObject("reasons");
        foreach (RejectionReason reason in HistoryFields.AllReasons)
        {
            long total = totals.Of(refusal, reason);
            if (total > 0)
            {
                json.WriteNumber(reason.Tag(), total);
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSignal(Utf8JsonWriter json, SignalSnapshot signal)
    {
        json.WriteStartObject();
        json.WriteString("name", signal.Settings.Name);
        json.WriteString("kind", signal.Settings.Kind.ToString());
        json.WriteNumber("level", Math.Round(signal.Level, 3));
        json.WritePropertyName("value");
        if (double.IsFinite(signal.Value))
        {
            json.WriteNumberValue(signal.Value);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteNumber("soft", signal.Settings.Soft);
        json.WriteNumber("hard", signal.Settings.Hard);
        json.WriteBoolean("stale", signal.IsStale);
        json.WriteEndObject();
    }

    private static void WriteTotals(Utf8JsonWriter json, string name, Func<Priority, long> of)
    {
        json.WriteStartObject(name);
        foreach (Priority priority in Priorities.All)
        {
            json.WriteNumber(priority.Tag(), of(priority));
        }

        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteNumber(name, at.ToUnixTimeMilliseconds());
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
