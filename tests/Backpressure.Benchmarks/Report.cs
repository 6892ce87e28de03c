using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Backpressure.Benchmarks;

/// <summary>How results are written.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string LineOf(Row row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Work,-52} {row.Subject,-36} {row.Nanoseconds,9:0.0} ns {row.Ratio,7:0.00} ({row.Low:0.00}–{row.High:0.00}) {row.Bytes,8:0.#} B  {row.Target} {Verdict(row)}");

    public static string JsonOf(Machine machine, IReadOnlyList<Row> rows) => JsonSerializer.Serialize(new { machine, rows }, Json) + "\n";

    public static string MarkdownOf(Machine machine, IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{machine}\n\n");
        text.Append("The ratio is to the subject whose ratio is 1 (or that the row names), each round's own, and its median; between the\n");
        text.Append("figures in brackets lie eight of ten rounds. Times are this machine's; bytes are what a thread allocated.\n");
        string work = "";
        foreach (Row row in rows)
        {
            if (row.Work != work)
            {
                work = row.Work;
                text.Append(CultureInfo.InvariantCulture, $"\n**{work}**\n\n{(row.Note is { } note ? note + "\n\n" : "")}| | ns | ratio | bytes | target | |\n|---|--:|--:|--:|---|---|\n");
            }

            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Subject} | {row.Nanoseconds:0.0} | {row.Ratio:0.00} ({row.Low:0.00}–{row.High:0.00}) | {row.Bytes:0.#} | {row.Target} | {Verdict(row)} |\n");
        }

        return text.ToString();
    }

    private static string Verdict(Row row) => row.Met switch { true => "met", false => "NOT MET", null => "" };
}
