using System.Globalization;
using FlashSale.Acts;
using FlashSale.Load;

namespace FlashSale.Report;

/// <summary>What the chart shows of one act.</summary>
/// <param name="Title">Which act it is.</param>
/// <param name="Remark">What to see in it.</param>
/// <param name="Tone">Whether that is good.</param>
/// <param name="Seconds">Middle of each interval, 0 being the end of the warm-up.</param>
/// <param name="ServedPerSecond">By priority, for each interval, by when the answer came.</param>
/// <param name="MemorySeconds">When memory was read.</param>
/// <param name="MemoryMiB">What it was.</param>
/// <param name="CrashSecond">When the app died, if it did.</param>
internal sealed record ChartRow(
    string Title,
    string Remark,
    ChartTone Tone,
    double[] Seconds,
    IReadOnlyDictionary<string, double[]> ServedPerSecond,
    double[] MemorySeconds,
    double[] MemoryMiB,
    double? CrashSecond)
{
    private const double Interval = 0.5;

    public static ChartRow From(ActResult act, string title)
    {
        double warmUp = act.Act.WarmUp.TotalSeconds;
        int intervals = (int)Math.Round((warmUp + act.Act.Length.TotalSeconds) / Interval);
        return new ChartRow(
            title,
            act.End.RanOutOfMemory ? Epitaph(act) : Summary(act),
            act.Books.AcknowledgedMissing > 0 ? ChartTone.Lost : act.Critical.ServedShare >= 0.995 ? ChartTone.Whole : ChartTone.Middling,
            [.. Enumerable.Range(0, intervals).Select(i => ((i + 0.5) * Interval) - warmUp)],
            Scenario.Priorities.ToDictionary(p => p, p => Served(act, p, intervals)),
            [.. act.Memory.Where(m => m.Second >= -warmUp).Select(m => m.Second)],
            [.. act.Memory.Where(m => m.Second >= -warmUp).Select(m => m.MiB)],
            act.CrashedAfterSeconds - warmUp);
    }

    private static double[] Served(ActResult act, string priority, int intervals)
    {
        double[] perSecond = new double[intervals];
        foreach (RequestRecord request in act.Records.Where(r => r.ScheduledMs >= 0 && Scenario.Routes[(int)r.Route].Priority == priority && act.Books.Served(r)))
        {
            int interval = (int)((request.ScheduledMs + request.LatencyMs) / 1000 / Interval);
            if (interval < intervals)
            {
                perSecond[interval] += 1 / Interval;
            }
        }

        return perSecond;
    }

    private static string Epitaph(ActResult act) => string.Create(
        CultureInfo.InvariantCulture,
        $"out of memory after {act.CrashedAfterSeconds:N1} s; {act.Books.AcknowledgedMissing:N0} of {act.Books.Acknowledged:N0} acknowledged orders are lost");

    private static string Summary(ActResult act) => string.Create(
        CultureInfo.InvariantCulture,
        $"{act.Critical.ServedShare * 100:N1} % of checkouts served, p99 {act.Critical.Latency.P99Ms:N0} ms; {act.Goodput * 100:N0} % of capacity used; {(act.Books.AcknowledgedMissing == 0 ? "no order lost" : $"{act.Books.AcknowledgedMissing:N0} orders lost")}");
}

/// <summary>In whose favour an act speaks.</summary>
internal enum ChartTone
{
    /// <summary>What must not be lost was lost.</summary>
    Lost,

    /// <summary>Nothing was lost, but important work was turned away.</summary>
    Middling,

    /// <summary>All important work was done.</summary>
    Whole,
}
