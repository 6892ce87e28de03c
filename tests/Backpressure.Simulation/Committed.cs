using System.Globalization;
using System.Text;
using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Drawing;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Running;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation;

/// <summary>The files that are committed: written by one command, and never by hand.</summary>
internal static class Committed
{
    public const string Scoreboard = "scoreboard.json";
    public const string QuickScoreboard = "quick.json";
    public const string SearchedScoreboard = "searched.json";

    private const string Page = "README.md";

    private const int GoodStart = 20;

    public static void Write(
        string folder, Plan plan, IReadOnlyList<Result> results, IReadOnlyList<Result> tried, Plan searched, IReadOnlyList<Result> searchedResults)
    {
        (IReadOnlyList<Row> sums, IReadOnlyList<Row> compared) = plan.Judge(results);
        IReadOnlyList<Row> others = plan.JudgeTried(results, tried);
        JsonReport.Write(Path.Combine(folder, Scoreboard), [.. sums, .. compared, .. others]);

        // What the quick form runs is a part of the whole.
        Plan quick = Plan.Of(Options.TheQuick);
        (IReadOnlyList<Row> quickSums, IReadOnlyList<Row> quickCompared) = quick.Judge(quick.Select(results));
        JsonReport.Write(Path.Combine(folder, QuickScoreboard), [.. quickSums, .. quickCompared]);

        (IReadOnlyList<Row> searchedSums, IReadOnlyList<Row> searchedCompared) = searched.Judge(searchedResults);
        JsonReport.Write(Path.Combine(folder, SearchedScoreboard), [.. searchedSums, .. searchedCompared]);

        IReadOnlyList<Row> fromTwenty = plan.Judge([.. results.Where(r => !r.Law.HasInitial || r.Initial == GoodStart)]).Sums;
        int[] numbers = [.. Catalogue.All.Select(s => s.Number).Distinct()];
        foreach (int number in numbers)
        {
            Draw(Path.Combine(folder, PictureOf(number)), number, new Options());
        }

        File.WriteAllText(Path.Combine(folder, Page), Describe(plan, sums, fromTwenty, compared, others, (searchedSums, searchedCompared), numbers));
    }

    /// <summary>Draws one run of each part of a scenario.</summary>
    public static void Draw(string file, int number, Options options)
    {
        LawUnderTest law = options.Laws?[0] ?? LawUnderTest.Columns[^1];
        PlantSpec plant = options.Plants?[0] ?? PlantList.Default[^1];
        List<DrawnRun> parts = [];
        foreach (Scenario scenario in Catalogue.All.Where(s => s.Number == number))
        {
            int initial = options.Initials?[0] ?? GoodStart;
            Timeline timeline = new(scenario, plant);
            Trace trace = Trace.Draw(timeline, (options.Seeds ?? Options.Reported).From);
            parts.Add(new DrawnRun(Run.Of(timeline, trace, law, initial), law, initial));
        }

        Picture.Save(file, parts);
    }

    private static string PictureOf(int number) => string.Create(CultureInfo.InvariantCulture, $"scenario-{number}.png");

    private static string Describe(
        Plan plan,
        IReadOnlyList<Row> sums,
        IReadOnlyList<Row> fromTwenty,
        IReadOnlyList<Row> compared,
        IReadOnlyList<Row> tried,
        (IReadOnlyList<Row> Sums, IReadOnlyList<Row> Compared) searched,
        int[] numbers)
    {
        LawUnderTest[] good = [.. plan.Laws.Where(l => !l.MustFail)];
        StringBuilder text = new();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $$"""
            # Scoreboard of the overload laboratory

            Written by `dotnet run --project tests/Backpressure.Simulation -c Release -- --write tests/Backpressure.Simulation/results`; not by hand.

            Parameters were searched on seeds 1 to 55 and on the plants below but for the fresh ones; what is reported here is of seeds {{Options.Reported.From}} to {{Options.Reported.To}}, and at the end of the fresh plants, on which nothing was chosen.

            Each cell: the mean over the seeds at the worst initial limit and contention, and in brackets the worst seed of all. ✓: both reach what is asked in every configuration. Where the oracle, a fixed limit that is told the true best one, does not reach it either, within 3 % of the oracle will do; but not where queue or clients are judged (critical served, the nine served, Jain's index, all of 11 and 12), for these are the same in every column.

            Clients give up after 20 times the mean service time: 1 s, and 3.44 s in 5 and 6, whose mix of routes takes 172 ms in the mean; they may wait half of it. In 11 they try up to four times, 50 to 150 ms after the first failure and twice as long after each that follows; amplification is how many attempts came to the gate ÷ clients, those among them whom the handler refused on their own side. In 12 returns are counted and not those who come for the first time.

            ## C = 20, W = 50 ms, κ = 0 and 0.3

            """);
        text.Append(MarkdownTable.Draw(sums, good)).AppendLine();
        text.AppendLine("## The same from an initial limit of 20 only").AppendLine();
        text.AppendLine("Kinder to a law that is led astray by a bad start; the oracle and what has no initial limit are as above.").AppendLine();
        text.Append(MarkdownTable.Draw(fromTwenty, good)).AppendLine();
        text.AppendLine("Three controllers must fail, or the laboratory proves nothing:").AppendLine();
        foreach (LawUnderTest bad in plan.Laws.Where(l => l.MustFail))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {bad.Name}: fails {sums.Count(r => r.Law == bad && r.Met == false)} of {sums.Count(r => r.Law == bad && r.Met is not null)}");
        }

        foreach (PlantGroup group in plan.Groups)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {group.Plants.Count} {group.Words}").AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"{string.Join("; ", group.Plants.Select(p => p.Name))}: ÷ the oracle's, the mean over all of them, and in brackets the worst plant, from an initial limit of 20 (what another does is asked above). Met from 0.92 (0.85). Each plant is in scoreboard.json.").AppendLine();
            text.Append(MarkdownTable.Draw([.. compared.Where(r => r.Plant == group.Name && !r.Law.Oracle)], [.. good.Where(l => !l.Oracle)]));
        }

        text.AppendLine();
        DescribeUnmet(text, [.. sums, .. compared, .. tried]);
        DescribeVerdicts(text, [.. sums, .. compared], [.. fromTwenty, .. compared]);
        DescribeSearched(text, sums, searched.Sums, searched.Compared);
        text.AppendLine("## One run of each").AppendLine();
        foreach (int number in numbers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"![Scenario {number}]({PictureOf(number)})").AppendLine();
        }

        // The last picture's empty line is one too many at the end of a file.
        return text.ToString().TrimEnd() + "\n";
    }

    private static void DescribeSearched(
        StringBuilder text, IReadOnlyList<Row> reported, IReadOnlyList<Row> searched, IReadOnlyList<Row> searchedElsewhere)
    {
        LawUnderTest best = LawUnderTest.Best;
        (int from, int to) = Options.TheSearched.Seeds ?? default;
        text.AppendLine("## On seeds that parameters were chosen on").AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"So that luck shows: of {reported.Count(r => r.Law == best && r.Met is not null)} rows {best.Name} meets {reported.Count(r => r.Law == best && r.Met == true)} above, and {searched.Count(r => r.Law == best && r.Met == true)} on seeds {from} to {to}.").AppendLine();
        text.Append(MarkdownTable.Draw(searched, [LawUnderTest.TheOracle, best])).AppendLine();
        foreach (PlantGroup group in PlantList.Groups)
        {
            Row[] rows = [.. searchedElsewhere.Where(r => r.Plant == group.Name && r.Law == best)];
            if (rows.Length > 0)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"On the {group.Words}, ÷ the oracle's:").AppendLine();
                text.Append(MarkdownTable.Draw(rows, [best])).AppendLine();
            }
        }
    }

    private static void DescribeUnmet(StringBuilder text, IReadOnlyList<Row> rows)
    {
        string best = LawUnderTest.Best.Name;
        IReadOnlyList<Row> unmet = Unmet.Of(rows);
        text.AppendLine(CultureInfo.InvariantCulture, $"## What the others reach where {best} does not").AppendLine();
        if (unmet.Count == 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{best} misses nothing.").AppendLine();
            return;
        }

        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Just the rows that {best} misses. {string.Join(", ", LawUnderTest.Trials.Select(l => l.Name))} are laws of the laboratory's own (`Laws/Trials`), built and tuned to do better here: Kleinrock's power climbed by a sequential test, marginal throughput as in Protego, and work rate × least delay as in BBR.").AppendLine();
        foreach (var plants in Unmet.Beside(unmet, rows).GroupBy(Scoring.Scoreboard.PlantsOf))
        {
            text.AppendLine(Scoring.Scoreboard.GroupOf(plants.First()) is { } group ? $"On the {group.Words}, ÷ the oracle's:" : "On the plants of the thresholds:").AppendLine();
            text.Append(MarkdownTable.Draw([.. plants], LawUnderTest.BesideBest)).AppendLine();
        }

        IReadOnlyList<string> met = Unmet.WhoMeets(unmet, rows);
        text.AppendLine(met.Count == 0 ? "No law but the oracle meets any of them, from the worst of the initial limits; who meets one from 20 is above." : "Met all the same by:").AppendLine();
        foreach (string line in met)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {line}.");
        }

        if (met.Count > 0)
        {
            text.AppendLine();
        }
    }

    private static void DescribeVerdicts(StringBuilder text, IReadOnlyList<Row> all, IReadOnlyList<Row> fromTwenty)
    {
        if (Verdict.Of(all) is not { Count: > 0 } verdicts)
        {
            return;
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"## {LawUnderTest.Best.Name} against each peer").AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Over all rows above in which something is asked, those of the other plants included. {Verdict.WhatScoresAre} The worst case of a row is its worst seed, on other plants its worst plant. Alike: within 1 % and 0.003.").AppendLine();
        text.Append(Verdict.Draw(verdicts)).AppendLine();
        text.AppendLine("From an initial limit of 20 only:").AppendLine();
        IReadOnlyList<Verdict> kinder = Verdict.Of(fromTwenty);
        text.Append(Verdict.Draw(kinder)).AppendLine();
        string[] lost = [.. verdicts.SelectMany(v => v.DescribeLost())];
        string[] alsoLost = [.. kinder.SelectMany(v => v.DescribeLost()).Except(lost).Select(l => l + ", from 20 only")];
        text.AppendLine(lost.Length + alsoLost.Length == 0 ? "No row is lost to any of them." : "The rows that are lost:").AppendLine();
        foreach (string line in lost.Concat(alsoLost))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {line}.");
        }

        if (lost.Length + alsoLost.Length > 0)
        {
            text.AppendLine();
        }
    }
}
