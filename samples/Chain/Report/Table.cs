using System.Globalization;
using System.Text;
using Backpressure;
using Chain.Running;

namespace Chain.Report;

/// <summary>The figures of both runs, side by side.</summary>
internal static class Table
{
    private const int LabelWidth = 46;
    private const int ColumnWidth = 22;

    public static string Draw(Run without, Run with)
    {
        StringBuilder table = new();
        Row("", "without", "with backpressure");
        table.AppendLine(new string('─', LabelWidth + (2 * ColumnWidth)));
        Line("served before, all", r => $"{r.ServedShare(null, Scenario.WarmUp, Scenario.SlowFrom):P1}");
        Line("served while Payments was slow, all", r => $"{r.ServedShare(null, Scenario.SlowFrom, Scenario.SlowUntil):P1}");
        foreach ((Priority priority, _) in Scenario.Mix)
        {
            Line($"  {priority}", r => $"{r.ServedShare(priority, Scenario.SlowFrom, Scenario.SlowUntil):P1}");
        }

        Line("  p99 of the critical that were served", r => r.CriticalP99Ms() is { } ms ? (FormattableString)$"{ms:N0} ms" : $"–");
        Line("served after, all", r => $"{r.ServedShare(null, Scenario.SlowUntil, Scenario.End):P1}");
        Line("of those sent while Payments was slow:", r => $"");
        Line("  came to Edge", r => $"{r.Edge[^1].ArrivedSlowed:N0}");
        Line("  Edge took in", r => $"{r.Edge[^1].TakenSlowed:N0}");
        Line("  reached Checkout", r => $"{r.Checkout[^1].ArrivedSlowed:N0}");
        Line("  reached Payments", r => $"{r.Payments[^1].ArrivedSlowed:N0}");
        Line("  refused by Payments' own gate", r => $"{r.Payments[^1].ArrivedSlowed - r.Payments[^1].TakenSlowed:N0}");
        Line("at Payments for one that Edge took in", r => $"{r.Amplification:N2}");
        Line("at Payments for one that reached Checkout", r => $"{(double)r.Payments[^1].ArrivedSlowed / Math.Max(1, r.Checkout[^1].ArrivedSlowed):N2}");
        Line("pressure at Edge after", r => $"{Verdict.Seconds(r.PressureSeconds)}");
        Line("first refusal by Edge's own gate after", r => $"{Verdict.Seconds(r.FirstRefusalSeconds)}");
        Line("recovered after", r => $"{Verdict.Seconds(r.RecoverySeconds)}");
        Line("sent late, p99", r => r.IsVoid ? (FormattableString)$"{r.SendLagP99Ms:N1} ms: VOID" : $"{r.SendLagP99Ms:N1} ms");
        table.AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"Served: a 200 within the client's {Scenario.Patience.TotalSeconds:N0} s. Pressure: Edge's gate refuses, or its limit is lowered by what Checkout says.");
        table.AppendLine("Recovered: from then on, in every second, 95 % of those who came were served.");
        return table.ToString();

        void Line(string label, Func<Run, FormattableString> cell)
            => Row(label, cell(without).ToString(CultureInfo.InvariantCulture), cell(with).ToString(CultureInfo.InvariantCulture));

        void Row(string label, string first, string second)
            => table.AppendLine($"{label.PadRight(LabelWidth)}{first.PadLeft(ColumnWidth)}{second.PadLeft(ColumnWidth)}");
    }
}
