using System.Globalization;
using System.Text;

namespace Backpressure.Benchmarks.Live;

/// <summary>The overload rows in a table that fits a page: a line a subject.</summary>
internal static class Shorthand
{
    private sealed record Column(string Title, Func<string, IEnumerable<LiveRow?>> Cells);

    public static string Draw(IReadOnlyList<LiveRow> rows)
    {
        StringBuilder table = new();
        Column[] columns = [.. Columns(rows).Where(c => Contender.All.Any(s => c.Cells(s.Name).Any(r => r is not null)))];
        if (columns.Length == 0)
        {
            return "";
        }

        table.AppendLine($"| | {string.Join(" | ", columns.Select(c => c.Title))} |");
        table.AppendLine($"|---|{string.Concat(Enumerable.Repeat("---|", columns.Length))}");
        foreach (string subject in Contender.All.Select(c => c.Name).Where(s => columns.Any(c => c.Cells(s).Any(r => r is not null))))
        {
            table.AppendLine($"| {subject} | {string.Join(" | ", columns.Select(c => string.Join(", ", c.Cells(subject).Select(Show))))} |");
        }

        return table.ToString();
    }

    private static IEnumerable<Column> Columns(IReadOnlyList<LiveRow> rows)
    {
        foreach (Plant plant in (Plant[])[Overload.Fixed, Overload.Contention])
        {
            string loads = string.Join(", ", Overload.Loads.Select(l => $"{l:0}×"));
            yield return new Column($"goodput at {loads}, {plant.Name}", subject => Overload.Loads.Select(l => Find(subject, Overload.NameOf(l, plant), Overload.Goodput)));
            yield return new Column($"critical in time at {loads} (%), {plant.Name}", subject => Overload.Loads.Select(l => Find(subject, Overload.NameOf(l, plant), Overload.CriticalInTime)));
            yield return new Column($"goodput at half the capacity, {plant.Name}", subject => [Find(subject, Overload.HalvedNameOf(plant), Overload.GoodputHalved)]);
        }

        LiveRow? Find(string subject, string work, string figure) => rows.FirstOrDefault(r => r.Subject == subject && r.Work == work && r.Name == figure);
    }

    private static string Show(LiveRow? row) => row switch
    {
        null => "–",
        { Void: true } => "void",
        { Name: Overload.CriticalInTime } => row.Value?.ToString("0", CultureInfo.InvariantCulture) ?? "–",
        _ => row.Number,
    };
}
