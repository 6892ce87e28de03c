using System.Globalization;
using System.Text;
using Backpressure.Simulation.Laws;

namespace Backpressure.Simulation.Scoring;

/// <summary>How <c>Adaptive</c> stands against one peer, over all rows in which something is asked.</summary>
/// <remarks>
/// A score makes rows comparable that are measured in different things: the part of what is asked that is reached,
/// value ÷ asked where more is better and asked ÷ value where less is, and 1 at most.
/// </remarks>
internal sealed record Verdict(LawUnderTest Peer, IReadOnlyList<(Row Mine, Row Theirs)> Rows)
{
    /// <summary>Said once wherever scores are shown.</summary>
    public const string WhatScoresAre =
        "A score is the part of what is asked that is reached: value ÷ asked where more is better, asked ÷ value where less is, and 1 at most.";

    /// <summary>Of the means, over all rows.</summary>
    public (double Mine, double Theirs) MeanScore => (Rows.Average(r => ScoreOfMean(r.Mine)), Rows.Average(r => ScoreOfMean(r.Theirs)));

    /// <summary>Of the worst seeds and plants, over all rows.</summary>
    public (double Mine, double Theirs) MeanOfWorst => (Rows.Average(r => ScoreOfWorst(r.Mine)), Rows.Average(r => ScoreOfWorst(r.Theirs)));

    /// <summary>The worst of them all.</summary>
    public (double Mine, double Theirs) WorstScore => (Rows.Min(r => ScoreOfWorst(r.Mine)), Rows.Min(r => ScoreOfWorst(r.Theirs)));

    /// <summary>On the mean, on the mean of the worst cases, and in the worst of all.</summary>
    public bool IsBetter => MeanScore.Mine > MeanScore.Theirs && MeanOfWorst.Mine > MeanOfWorst.Theirs && WorstScore.Mine > WorstScore.Theirs;

    /// <summary>Those whose mean or worst case is worse than the peer's.</summary>
    public IEnumerable<(Row Mine, Row Theirs)> Lost => Rows.Where(r => CompareMean(r) < 0 || CompareWorst(r) < 0);

    /// <summary>One for each peer that is among these rows.</summary>
    public static IReadOnlyList<Verdict> Of(IReadOnlyList<Row> rows)
    {
        Row[] asked = [.. rows.Where(r => r.Met is not null && !r.Law.MustFail && (Scoreboard.GroupOf(r) is not null || r.Threshold == r.Figure.Threshold))];
        Row[] mine = [.. asked.Where(r => r.Law == LawUnderTest.Best)];
        return
        [
            .. LawUnderTest.Columns
                .Where(l => !l.Oracle && l != LawUnderTest.Best)
                .Select(peer => new Verdict(peer, [.. from row in mine
                                                      let theirs = asked.FirstOrDefault(r => r.Law == peer && IsOfOneRow(r, row))
                                                      where theirs is not null
                                                      select (row, theirs)]))
                .Where(v => v.Rows.Count > 0),
        ];
    }

    public static double ScoreOfMean(Row row) => Score(row, row.Mean, row.Threshold!.Value);

    public static double ScoreOfWorst(Row row) => Score(row, row.Worst, row.ThresholdOfWorst!.Value);

    public static string Draw(IReadOnlyList<Verdict> verdicts)
    {
        StringBuilder text = new();
        text.AppendLine("| against | rows | means: better, alike, worse | worst cases: better, alike, worse | mean score | mean score of worst cases | least score | Adaptive beats it |");
        text.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (Verdict verdict in verdicts)
        {
            text.AppendLine(
                $"| {verdict.Peer.Name} | {verdict.Rows.Count} | {Counts(verdict.Rows.Select(CompareMean))} | {Counts(verdict.Rows.Select(CompareWorst))} | "
                + $"{Against(verdict.MeanScore)} | {Against(verdict.MeanOfWorst)} | {Against(verdict.WorstScore)} | {(verdict.IsBetter ? "✓" : "✗")} |");
        }

        return text.ToString();
    }

    /// <summary>Each lost row in a line.</summary>
    public IEnumerable<string> DescribeLost() => Lost.Select(r =>
        $"{Peer.Name} is better in {r.Mine.Scenario} {r.Mine.Title}, {r.Mine.Figure.Name.Trim()} ({Scoreboard.PlantsOf(r.Mine)}): "
        + $"{TextTable.Cell(r.Theirs).Trim()} against {TextTable.Cell(r.Mine).Trim()}");

    private static string Against((double Mine, double Theirs) scores) =>
        string.Create(CultureInfo.InvariantCulture, $"{scores.Mine:0.000} against {scores.Theirs:0.000}");

    private static string Counts(IEnumerable<int> comparisons)
    {
        int[] all = [.. comparisons];
        return string.Create(CultureInfo.InvariantCulture, $"{all.Count(c => c > 0)}, {all.Count(c => c == 0)}, {all.Count(c => c < 0)}");
    }

    private static int CompareMean((Row Mine, Row Theirs) rows) => Compare(rows.Mine.Figure, rows.Mine.Mean, rows.Theirs.Mean);

    private static int CompareWorst((Row Mine, Row Theirs) rows) => Compare(rows.Mine.Figure, rows.Mine.Worst, rows.Theirs.Worst);

    // As near as the guard takes for equal.
    private static int Compare(Figure figure, double mine, double theirs)
    {
        double gain = figure.AtLeast ? mine - theirs : theirs - mine;
        double slack = (Guard.MeanRelative * Math.Abs(theirs)) + Guard.MeanAbsolute;
        return gain > slack || double.IsPositiveInfinity(gain) ? 1 : gain < -slack ? -1 : 0;
    }

    private static double Score(Row row, double value, double asked) =>
        row.Figure.AtLeast ? Math.Clamp(value / asked, 0, 1) : value <= asked ? 1 : asked / value;

    private static bool IsOfOneRow(Row a, Row b) =>
        a.Scenario == b.Scenario && a.Title == b.Title && a.Plant == b.Plant && a.Figure.Name == b.Figure.Name;
}
