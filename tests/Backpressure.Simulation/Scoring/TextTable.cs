using System.Globalization;
using System.Text;
using Backpressure.Simulation.Laws;

namespace Backpressure.Simulation.Scoring;

/// <summary>The scoreboard as a person reads it: scenarios down, laws across, each with mean, worst and whether it will do.</summary>
internal static class TextTable
{
    private const int FigureWidth = 38;
    private const int AskedWidth = 9;
    private const int CellWidth = 18;

    public static string Draw(IReadOnlyList<Row> rows, IReadOnlyList<LawUnderTest> laws)
    {
        StringBuilder text = new();
        text.Append(' ', FigureWidth).Append("asked".PadLeft(AskedWidth));
        foreach (LawUnderTest law in laws)
        {
            text.Append(law.Name.PadLeft(CellWidth));
        }

        text.AppendLine().Append('─', FigureWidth + AskedWidth + (laws.Count * CellWidth)).AppendLine();
        foreach (var scenario in rows.GroupBy(r => (r.Scenario, r.Title)).OrderBy(g => g.Key.Scenario))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{scenario.Key.Scenario}  {scenario.Key.Title}");
            foreach (var figure in scenario.GroupBy(r => (r.Plant, r.Figure.Name)))
            {
                string plant = rows.Select(r => r.Plant).Distinct().Count() > 1 ? $"{figure.Key.Plant}: " : "";
                text.Append(("   " + plant + figure.Key.Name).PadRight(FigureWidth)).Append(Asked(figure.First()).PadLeft(AskedWidth));
                foreach (LawUnderTest law in laws)
                {
                    text.Append((figure.FirstOrDefault(r => r.Law == law) is { } row ? Cell(row) : "").PadLeft(CellWidth));
                }

                text.AppendLine();
            }
        }

        return text.ToString();
    }

    public static string Number(double value) => double.IsInfinity(value) ? "∞" : Math.Abs(value) switch
    {
        < 10 => value.ToString("0.000", CultureInfo.InvariantCulture),
        < 1000 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0", CultureInfo.InvariantCulture),
    };

    private static string Asked(Row row) =>
        row.Threshold is { } threshold ? string.Create(CultureInfo.InvariantCulture, $"{(row.Figure.AtLeast ? '≥' : '≤')} {threshold}") : "";

    private static string Cell(Row row)
    {
        string mark = row.Met switch
        {
            true => "✓",
            false => "✗",
            _ => " ",
        };
        return $"{Number(row.Mean)} ({Number(row.Worst)}) {mark}";
    }
}
