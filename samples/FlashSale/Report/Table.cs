using System.Globalization;
using System.Text;
using FlashSale.Acts;

namespace FlashSale.Report;

/// <summary>All figures side by side: an act a column.</summary>
internal static class Table
{
    private const int LabelWidth = 26;
    private const int ColumnWidth = 22;

    public static string Draw(Playbill playbill)
    {
        ActResult[] columns = [.. playbill.Acts, playbill.Reference];
        StringBuilder table = new();
        Row("", ["1 unbounded queue", playbill.Limiter.Act.Name, "3 reject", "4 block and shed", "checkouts alone"]);
        table.AppendLine(new string('─', LabelWidth + (columns.Length * ColumnWidth)));
        Line("offered a second", a => $"{a.OfferedPerSecond:N0}");
        Line("goodput (1 = capacity)", a => $"{a.Goodput:N2}");
        foreach (string priority in Scenario.Priorities)
        {
            Line($"{priority} served", a => a.ByPriority[priority] is { Offered: > 0 } p ? (FormattableString)$"{p.ServedShare:P1}" : $"–");
            Line("  p50 / p99 ms", a => a.ByPriority[priority].Latency is { P50Ms: not null } l ? (FormattableString)$"{l.P50Ms:N0} / {l.P99Ms:N0}" : $"–");
        }

        Line("503 / 429", a => $"{a.RejectedByStatus.GetValueOrDefault(503):N0} / {a.RejectedByStatus.GetValueOrDefault(429):N0}");
        Line("other errors", a => $"{a.Rejected - a.RejectedByStatus.GetValueOrDefault(503) - a.RejectedByStatus.GetValueOrDefault(429):N0}");
        Line("unanswered", a => $"{a.Unanswered:N0}");
        Line("Retry-After", a => a.RetryAfterSeconds is var (min, max) ? (FormattableString)$"{min}–{max} s" : $"–");
        Line("peak memory", a => $"{a.PeakMemoryMiB:N0} MiB");
        Line("orders acknowledged", a => $"{a.Books.Acknowledged:N0}");
        Line("  stored", a => $"{a.Books.Stored:N0}");
        Line("  acknowledged, missing", a => $"{a.Books.AcknowledgedMissing:N0}");
        Line("exit code", a => a.End.RanOutOfMemory ? (FormattableString)$"{a.End.ExitCode}: out of memory" : $"{a.End.ExitCode}");
        Line("sent late, p99", a => a.IsVoid ? (FormattableString)$"{a.SendLagP99Ms:N1} ms: VOID" : $"{a.SendLagP99Ms:N1} ms");
        table.AppendLine();
        table.AppendLine("Served: a success within the client's time-out (checkout 5 s, others 1 s) and, for a write, really in the database.");
        table.AppendLine("Goodput: connection time of what was served (requests × what their route costs, as measured), as a part of the same");
        table.AppendLine("at the shop's best. Latencies are of the served, from when a request was due to be sent. Warm-up counts in orders only.");
        return table.ToString();

        void Line(string label, Func<ActResult, FormattableString> cell) => Row(label, columns.Select(a => cell(a).ToString(CultureInfo.InvariantCulture)));

        void Row(string label, IEnumerable<string> cells)
        {
            table.Append(label.PadRight(LabelWidth));
            foreach (string cell in cells)
            {
                table.Append(cell.PadLeft(ColumnWidth));
            }

            table.AppendLine();
        }
    }
}
