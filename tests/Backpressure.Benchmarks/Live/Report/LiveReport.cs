using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Backpressure.Benchmarks.Live;

/// <summary>All that came of it, for programs and for people.</summary>
internal sealed record LiveReport(Machine Machine, bool Quick, string? Only, IReadOnlyList<Run> Runs, IReadOnlyList<LiveRow> Rows)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,

        // It is read by people and programs, never put into a page: ">=" may stay as it is.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>How many targets were met, and how far the generator was from its own limit.</summary>
    public string Summary
    {
        get
        {
            int claimed = Rows.Count(r => r.Target is not null);
            int met = Rows.Count(r => r.Met == true);
            int voided = Runs.Count(r => r.IsVoid);
            string text = string.Create(CultureInfo.InvariantCulture, $"{met} of {claimed} targets met, {voided} of {Runs.Count} runs void.");
            Run? busiest = Runs.Where(r => r.Experiment.ClosedLoop is null && r.Load.Attempts > 0).MaxBy(r => r.Load.ProcessorShare);
            if (busiest is null)
            {
                return text;
            }

            double perSecond = busiest.Load.Attempts / busiest.Experiment.Seconds;
            return text + string.Create(
                CultureInfo.InvariantCulture,
                $" At its busiest ({busiest.Experiment.Work}: {busiest.Contender.Name}) the load generator sent {perSecond:N0} a second with {busiest.Load.ProcessorShare:P0} of its core: of those it could send {perSecond / busiest.Load.ProcessorShare:N0}.");
        }
    }

    public Task WriteJsonAsync(string file) => WriteAsync(file, JsonSerializer.Serialize(
        new
        {
            Machine,
            Quick,
            Summary,
            Rows,
            Runs = Runs.Select(r => new
            {
                r.Experiment.Work,
                Subject = r.Contender.Name,
                r.Tries,
                Void = r.IsVoid,
                SendLagP99Ms = Math.Round(r.SendLagP99Ms, 2),
                r.Load.Attempts,
                LoadProcessorShare = Math.Round(r.Load.ProcessorShare, 3),
                ServerProcessorShare = r.Server is { } server ? Math.Round(server.ProcessorShare, 3) : (double?)null,
                r.Server?.PeakInDownstream,
                DownstreamLateP99Ms = r.Server?.LateP99Ms,
                r.ServerDied,
            }),
        },
        Format) + "\n");

    public Task WriteMarkdownAsync(string file)
    {
        StringBuilder table = new();
        table.AppendLine("# Overload over real sockets");
        table.AppendLine();
        table.AppendLine("`dotnet run --project tests/Backpressure.Benchmarks -c Release -- live" + (Quick ? " --quick" : "") + (Only is null ? "" : $" --only \"{Only}\"") + "`");
        table.AppendLine();
        table.AppendLine(Machine + ".");
        table.AppendLine(Summary);
        table.AppendLine();
        if (Shorthand.Draw(Rows) is { Length: > 0 } inShort)
        {
            table.AppendLine(inShort);
        }

        string[] subjects = [.. Contender.Known.Select(c => c.Name).Where(name => Rows.Any(r => r.Subject == name))];
        table.AppendLine($"| work | figure | target | {string.Join(" | ", subjects)} |");
        table.AppendLine($"|---|---|---|{string.Concat(Enumerable.Repeat("---|", subjects.Length))}");
        string? last = null;
        foreach (var line in Rows.GroupBy(r => (r.Work, r.Name)))
        {
            IEnumerable<string> cells = subjects.Select(subject => line.LastOrDefault(r => r.Subject == subject) is { } row ? Cell(row) : "");
            string target = line.Select(r => r.Target).FirstOrDefault(t => t is not null) ?? "";
            table.AppendLine($"| {(line.Key.Work == last ? "" : line.Key.Work)} | {line.Key.Name} | {target.Replace(">=", "≥", StringComparison.Ordinal).Replace("<=", "≤", StringComparison.Ordinal)} | {string.Join(" | ", cells)} |");
            last = line.Key.Work;
        }

        return WriteAsync(file, table.ToString());

        static string Cell(LiveRow row) => row.Void ? "void" : row.Met switch
        {
            true => $"{row.Number} ✓",
            false => $"**{row.Number} ✗**",
            null => row.Number,
        };
    }

    private static async Task WriteAsync(string file, string text)
    {
        string path = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text);
    }
}
