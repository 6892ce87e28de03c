using Backpressure;
using Chain.Load;
using Chain.Services;

namespace Chain.Running;

/// <summary>What one run came to. Times are seconds from the start of the load.</summary>
/// <param name="Protected">With backpressure or without.</param>
/// <param name="StartedAtMs">When the load started, Unix milliseconds.</param>
/// <param name="Records">Every request of the clients.</param>
/// <param name="Edge">Edge's readings.</param>
/// <param name="Checkout">Checkout's.</param>
/// <param name="Payments">Payments'.</param>
internal sealed record Run(
    bool Protected, long StartedAtMs, IReadOnlyList<RequestRecord> Records,
    IReadOnlyList<Reading> Edge, IReadOnlyList<Reading> Checkout, IReadOnlyList<Reading> Payments)
{
    private const double RecoveredShare = 0.95;
    private const double RecoveryWindow = 1;
    private const double RecoveryStep = 0.1;

    /// <summary>p99 of how late requests were sent.</summary>
    public double SendLagP99Ms { get; } = P99(Records.Select(r => r.SendLagMs));

    public bool IsVoid => SendLagP99Ms > Scenario.LargestSendLag.TotalMilliseconds;

    /// <summary>Requests that reached Payments for one that Edge took in, of those sent while Payments was slowed; refused ones count.</summary>
    public double Amplification { get; } = (double)Payments[^1].ArrivedSlowed / Math.Max(1, Edge[^1].TakenSlowed);

    /// <summary>Served while Payments was slowed.</summary>
    public double CriticalServed => ServedShare(Priority.Critical, Scenario.SlowFrom, Scenario.SlowUntil);

    /// <summary>
    /// From the slowdown to the first refusal at Edge's gate, or until that gate's limit is lowered by what Checkout says; null: never.
    /// </summary>
    public double? PressureSeconds { get; } = Since(StartedAtMs, Edge, (reading, before) => reading.Signal > 0 || reading.Refused > before.Refused);

    /// <summary>The same, but to the first refusal.</summary>
    public double? FirstRefusalSeconds { get; } = Since(StartedAtMs, Edge, (reading, before) => reading.Refused > before.Refused);

    /// <summary>From the slowdown's end until, in every second from then on, 0.95 of those who came were served; null: not in this run.</summary>
    public double? RecoverySeconds { get; } = Recovery(Records);

    public double ServedShare(Priority? priority, TimeSpan from, TimeSpan until)
    {
        RequestRecord[] asked = [.. Records.Where(r => (priority is null || r.Priority == priority)
            && r.ScheduledMs >= from.TotalMilliseconds && r.ScheduledMs < until.TotalMilliseconds)];
        return asked.Length == 0 ? 0 : (double)asked.Count(r => r.IsServed) / asked.Length;
    }

    /// <summary>p99 of the latency of those served while Payments was slowed, in milliseconds; null: none was.</summary>
    public double? CriticalP99Ms()
    {
        double[] latencies = [.. Records.Where(r => r.Priority == Priority.Critical && r.IsServed
            && r.ScheduledMs >= Scenario.SlowFrom.TotalMilliseconds && r.ScheduledMs < Scenario.SlowUntil.TotalMilliseconds).Select(r => r.LatencyMs)];
        return latencies.Length == 0 ? null : P99(latencies);
    }

    /// <summary>When a reading was made.</summary>
    public double SecondOf(Reading reading) => (reading.AtMs - StartedAtMs) / 1000.0;

    private static double? Since(long startedAtMs, IReadOnlyList<Reading> readings, Func<Reading, Reading, bool> feels)
    {
        double slowAtMs = startedAtMs + Scenario.SlowFrom.TotalMilliseconds;
        Reading before = readings.LastOrDefault(r => r.AtMs <= slowAtMs) ?? readings[0];
        Reading? first = readings.FirstOrDefault(r => r.AtMs > slowAtMs && feels(r, before));
        return first is null ? null : (first.AtMs - slowAtMs) / 1000;
    }

    private static double? Recovery(IReadOnlyList<RequestRecord> records)
    {
        double end = Scenario.SlowUntil.TotalSeconds;
        double last = Scenario.End.TotalSeconds - RecoveryWindow;
        double recovered = end;
        for (double from = end; from <= last; from += RecoveryStep)
        {
            RequestRecord[] came = [.. records.Where(r => r.ScheduledSeconds >= from && r.ScheduledSeconds < from + RecoveryWindow)];
            if (came.Count(r => r.IsServed) < RecoveredShare * came.Length)
            {
                recovered = from + RecoveryWindow;
            }
        }

        return recovered > last ? null : recovered - end;
    }

    private static double P99(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * 0.99)];
    }
}
