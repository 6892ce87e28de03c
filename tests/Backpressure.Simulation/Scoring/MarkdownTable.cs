using System.Globalization;
using System.Text;
using Backpressure.Simulation.Laws;

namespace Backpressure.Simulation.Scoring;

/// <summary>The scoreboard as a page shows it.</summary>
internal static class MarkdownTable
{
    public static string Draw(IReadOnlyList<Row> rows, IReadOnlyList<LawUnderTest> laws)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"| | asked | {string.Join(" | ", laws.Select(l => l.Name))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|---|---|{string.Concat(laws.Select(_ => "---|"))}");
        foreach (var scenario in rows.GroupBy(r => (r.Scenario, r.Title)).OrderBy(g => g.Key.Scenario))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| **{scenario.Key.Scenario} {scenario.Key.Title}** | | {string.Concat(laws.Select(_ => " |"))}");
            foreach (var figure in scenario.GroupBy(r => r.Figure.Name))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {figure.Key.Trim()} | {TextTable.Asked(figure.First())} |");
                foreach (LawUnderTest law in laws)
                {
                    text.Append(CultureInfo.InvariantCulture, $" {(figure.FirstOrDefault(r => r.Law == law) is { } row ? TextTable.Cell(row).Trim() : "")} |");
                }

                text.AppendLine();
            }
        }

        return text.ToString();
    }
}
