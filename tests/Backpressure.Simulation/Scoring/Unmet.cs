using Backpressure.Simulation.Laws;

namespace Backpressure.Simulation.Scoring;

/// <summary>The rows in which <c>Adaptive</c> misses what is asked, and what other laws reach there.</summary>
internal static class Unmet
{
    /// <summary>All that the engine's best law misses; of a group of plants only what is asked of all of them together.</summary>
    public static IReadOnlyList<Row> Of(IEnumerable<Row> rows) => [.. rows.Where(r => r.Law == LawUnderTest.Best && r.Met == false && IsAsked(r))];

    /// <summary>The trials of a plan that lead to these rows, for other laws.</summary>
    public static IReadOnlyList<Trial> TrialsFor(IReadOnlyList<Row> unmet, Plan plan, IReadOnlyList<LawUnderTest> laws) =>
    [
        .. plan.Trials
            .Where(t => unmet.Any(r => r.Scenario == t.Scenario.Number && r.Title == t.Scenario.Title
                && (plan.Groups.FirstOrDefault(g => g.Name == r.Plant)?.Plants ?? plan.Plants).Contains(t.Plant)))
            .Select(t => t with { Laws = laws }),
    ];

    /// <summary>Of all rows those that stand beside an unmet one: the same figure of every law.</summary>
    public static IReadOnlyList<Row> Beside(IReadOnlyList<Row> unmet, IEnumerable<Row> rows) =>
        [.. rows.Where(r => unmet.Any(u => IsOfOneRow(u, r)))];

    /// <summary>
    /// Who meets one of them all the same, each with what it misses in the same runs: a limit that is far too low has short
    /// queues, and that is no merit.
    /// </summary>
    public static IReadOnlyList<string> WhoMeets(IReadOnlyList<Row> unmet, IReadOnlyList<Row> rows)
    {
        List<string> lines = [];
        foreach (Row met in Beside(unmet, rows).Where(r => r.Met == true && !r.Law.Oracle && !r.Law.MustFail))
        {
            string[] misses =
            [
                .. rows
                    .Where(r => r.Law == met.Law && r.Plant == met.Plant && r.Scenario == met.Scenario && r.Title == met.Title && r.Met == false)
                    .Select(r => $"{r.Figure.Name.Trim()} {TextTable.Cell(r).Trim()}, asked {TextTable.Asked(r)}"),
            ];
            lines.Add(
                $"{met.Law.Name} meets {met.Scenario} {met.Title}: {met.Figure.Name.Trim()} ({Scoreboard.PlantsOf(met)}); "
                + (misses.Length == 0 ? "and misses nothing else there" : "in the same runs it misses " + string.Join("; ", misses)));
        }

        return lines;
    }

    private static bool IsAsked(Row row) => Scoreboard.GroupOf(row) is not null || row.Threshold == row.Figure.Threshold;

    private static bool IsOfOneRow(Row a, Row b) =>
        a.Scenario == b.Scenario && a.Title == b.Title && a.Plant == b.Plant && a.Figure.Name == b.Figure.Name;
}
