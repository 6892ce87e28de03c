using System.Text.Json;
using FlashSale.Acts;

namespace FlashSale.Report;

/// <summary>Every figure, for programs.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task WriteAsync(Playbill playbill, string file)
    {
        var report = new
        {
            CapacityPerSecond = playbill.Capacity.RequestsPerSecond,
            playbill.Capacity.BestConcurrency,
            playbill.Capacity.CriticalShareOfPool,
            CostMs = Scenario.Routes.ToDictionary(r => r.Route.ToString(), r => playbill.Capacity.CostSeconds[(int)r.Route] * 1000),
            Acts = playbill.Acts.Select(Describe),
            Reference = new
            {
                playbill.Reference.Critical.Latency.P50Ms,
                playbill.Reference.Critical.Latency.P99Ms,
                playbill.Reference.OfferedPerSecond,
                playbill.Reference.Critical.ServedShare,
            },
            Series = ChartData.From(playbill),
            Claims = Verdict.Judge(playbill),
        };

        string path = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileStream stream = File.Create(path);
        await using (stream)
        {
            await JsonSerializer.SerializeAsync(stream, report, Format);
        }
    }

    private static object Describe(ActResult act) => new
    {
        act.Act.Name,
        act.OfferedPerSecond,
        act.Goodput,
        ByPriority = act.ByPriority.ToDictionary(p => p.Key, p => new { p.Value.Offered, p.Value.Served, p.Value.Latency.P50Ms, p.Value.Latency.P99Ms }),
        act.Rejected,
        act.RejectedByStatus,
        act.Unanswered,
        RetryAfter = new { MinSeconds = act.RetryAfterSeconds?.Min, MaxSeconds = act.RetryAfterSeconds?.Max },
        act.PeakMemoryMiB,
        MemoryMiddleThirdMiB = act.MemoryOfThirdMiB(1),
        MemoryLastThirdMiB = act.MemoryOfThirdMiB(2),
        OrdersAcknowledged = act.Books.Acknowledged,
        OrdersStored = act.Books.Stored,
        act.Books.AcknowledgedMissing,
        act.Books.StoredForThoseWhoLeft,
        act.Books.StoredUnexplained,
        act.End.Crashed,
        act.CrashedAfterSeconds,
        act.End.ExitCode,
        act.SendLagP99Ms,
        Void = act.IsVoid,
    };
}
