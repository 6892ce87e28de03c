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

    private const string Page = "README.md";

    private const int GoodStart = 20;

    public static void Write(string folder, Plan plan, IReadOnlyList<Result> results)
    {
        (IReadOnlyList<Row> sums, IReadOnlyList<Row> compared) = plan.Judge(results);
        JsonReport.Write(Path.Combine(folder, Scoreboard), [.. sums, .. compared]);

        // What the quick form runs is a part of the whole.
        Plan quick = Plan.Of(Options.TheQuick);
        (IReadOnlyList<Row> quickSums, IReadOnlyList<Row> quickCompared) = quick.Judge(quick.Select(results));
        JsonReport.Write(Path.Combine(folder, QuickScoreboard), [.. quickSums, .. quickCompared]);

        IReadOnlyList<Row> fromTwenty = plan.Judge([.. results.Where(r => !r.Law.HasInitial || r.Initial == GoodStart)]).Sums;
        int[] numbers = [.. Catalogue.All.Select(s => s.Number).Distinct()];
        foreach (int number in numbers)
        {
            Draw(Path.Combine(folder, PictureOf(number)), number, new Options());
        }

        File.WriteAllText(Path.Combine(folder, Page), Describe(plan, sums, fromTwenty, compared, numbers));
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
            Trace trace = Trace.Draw(timeline, options.Seeds?.From ?? 1);
            parts.Add(new DrawnRun(Run.Of(timeline, trace, law, initial), law, initial));
        }

        Picture.Save(file, parts);
    }

    private static string PictureOf(int number) => string.Create(CultureInfo.InvariantCulture, $"scenario-{number}.png");

    private static string Describe(
        Plan plan, IReadOnlyList<Row> sums, IReadOnlyList<Row> fromTwenty, IReadOnlyList<Row> compared, int[] numbers)
    {
        LawUnderTest[] good = [.. plan.Laws.Where(l => !l.MustFail)];
        StringBuilder text = new();
        text.AppendLine(
            """
            # Scoreboard of the overload laboratory

            Written by `dotnet run --project tests/Backpressure.Simulation -c Release -- --write tests/Backpressure.Simulation/results`; not by hand.

            Each cell: the mean over the seeds at the worst initial limit and contention, and in brackets the worst seed of all. ✓: both reach what is asked in every configuration. Where the oracle, a fixed limit that is told the true best one, does not reach it either, within 3 % of the oracle will do; but not where queue or clients are judged (critical served, the nine served, Jain's index, all of 11 and 12), for these are the same in every column.

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

        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {plan.Others.Count} other plants").AppendLine();
        text.AppendLine("÷ the oracle's: the mean over all of them, and in brackets the worst plant. Met from 0.92 (0.85). Each plant is in scoreboard.json.").AppendLine();
        text.Append(MarkdownTable.Draw([.. compared.Where(r => r.Plant == "others" && !r.Law.Oracle)], [.. good.Where(l => !l.Oracle)])).AppendLine();
        text.AppendLine("## One run of each").AppendLine();
        foreach (int number in numbers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"![Scenario {number}]({PictureOf(number)})").AppendLine();
        }

        // The last picture's empty line is one too many at the end of a file.
        return text.ToString().TrimEnd() + "\n";
    }
}
