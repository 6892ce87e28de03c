using System.Globalization;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation;

internal static class Program
{
    private const int AskedWrongly = 2;

    public static int Main(string[] arguments)
    {
        List<string> errors = [];
        Options options = Options.Parse(arguments, errors);
        if (errors.Count > 0)
        {
            errors.ForEach(Console.Error.WriteLine);
            return AskedWrongly;
        }

        if (options.Help)
        {
            Console.WriteLine(Options.Usage);
            return 0;
        }

        if (options.Plot is { } picture)
        {
            Committed.Draw(picture, options.Scenarios![0], options);
            Console.WriteLine(picture);
            return 0;
        }

        long start = TimeProvider.System.GetTimestamp();
        Plan plan = Plan.Of(options);
        IReadOnlyList<Result> results = Trial.RunAll(plan.Trials, options.Threads);
        IReadOnlyList<Result> tried = Try(options, plan, results);
        bool sound = Report(options, plan, results, tried);
        if (options.Write is { } folder)
        {
            Plan searched = Plan.Of(Options.TheSearched);
            Committed.Write(folder, plan, results, tried, searched, Trial.RunAll(searched.Trials, options.Threads));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{results.Count + tried.Count:N0} runs, {results.Concat(tried).Sum(r => r.Events) / 1e6:N0} million events, {TimeProvider.System.GetElapsedTime(start).TotalSeconds:N0} s"));
        return sound ? 0 : 1;
    }

    /// <returns>Whether every controller that must fail did, and nothing is worse than it was.</returns>
    private static bool Report(Options options, Plan plan, IReadOnlyList<Result> results, IReadOnlyList<Result> tried)
    {
        (IReadOnlyList<Row> sums, IReadOnlyList<Row> compared) = plan.Judge(results);
        Row[] rows = [.. sums, .. compared, .. plan.JudgeTried(results, tried)];
        LawUnderTest[] good = [.. plan.Laws.Where(l => !l.MustFail)];
        bool sound = true;
        if (sums.Count > 0)
        {
            Console.WriteLine("Mean over the seeds at the worst of initial limit and κ (worst seed of all); met when both reach what is asked.");
            Console.WriteLine(TextTable.Draw(sums, good));
            foreach (LawUnderTest bad in plan.Laws.Where(l => l.MustFail))
            {
                Row[] failed = [.. sums.Where(r => r.Law == bad && r.Met == false)];
                sound &= failed.Length > 0 || !options.IsWhole;
                Console.WriteLine($"{bad.Name}: {(failed.Length == 0 ? "FAILED NOTHING" : $"fails {failed.Length} of {sums.Count(r => r.Law == bad && r.Met is not null)}")}");
                foreach (Row row in failed)
                {
                    Console.WriteLine($"   {row.Scenario} {row.Title}: {row.Figure.Name.Trim()} {TextTable.Number(row.Mean)} ({TextTable.Number(row.Worst)}), {row.At}");
                }
            }

            Console.WriteLine();
        }

        foreach (PlantGroup group in plan.Groups)
        {
            Row[] ofAll = [.. compared.Where(r => r.Plant == group.Name && !r.Law.Oracle)];
            Console.WriteLine($"{group.Plants.Count} {group.Words}, ÷ the oracle's: mean over all (worst plant); met from 0.92 (0.85).");
            Console.WriteLine(TextTable.Draw(ofAll, [.. good.Where(l => !l.Oracle)]));
            foreach (Row row in ofAll.Where(r => r.Law.Algorithm == LimitAlgorithm.Adaptive && !r.Law.MustFail))
            {
                Console.WriteLine($"   {row.Scenario} {row.Figure.Name}: {row.Law.Name} is worst on {row.At}");
            }

            Console.WriteLine();
        }

        ReportBest(rows);
        if (options.Detail)
        {
            Detail(results, plan);
        }

        if (options.Json is { } file)
        {
            JsonReport.Write(file, rows);
        }

        return IsAsGood(options, rows) && sound;
    }

    /// <summary>What other laws reach where the best one does not: asked only of a whole scoreboard, and not in haste.</summary>
    private static IReadOnlyList<Result> Try(Options options, Plan plan, IReadOnlyList<Result> results)
    {
        if (!options.IsWhole || options.Quick)
        {
            return [];
        }

        (IReadOnlyList<Row> sums, IReadOnlyList<Row> compared) = plan.Judge(results);
        IReadOnlyList<Trial> trials = Unmet.TrialsFor(Unmet.Of([.. sums, .. compared]), plan, LawUnderTest.Trials);

        // The oracle runs beside every law; here it has run already.
        return [.. Trial.RunAll(trials, options.Threads).Where(r => !r.Law.Oracle)];
    }

    private static void ReportBest(Row[] rows)
    {
        IReadOnlyList<Row> unmet = Unmet.Of(rows);
        if (unmet.Count > 0 && rows.Any(r => LawUnderTest.Trials.Contains(r.Law)))
        {
            Console.WriteLine($"What the others reach where {LawUnderTest.Best.Name} does not.");
            Console.WriteLine(TextTable.Draw(Unmet.Beside(unmet, rows), LawUnderTest.BesideBest));
            foreach (string line in Unmet.WhoMeets(unmet, rows))
            {
                Console.WriteLine("   " + line);
            }

            Console.WriteLine();
        }

        IReadOnlyList<Verdict> verdicts = Verdict.Of(rows);
        if (verdicts.Count > 0)
        {
            Console.WriteLine($"{LawUnderTest.Best.Name} against each peer. {Verdict.WhatScoresAre}");
            Console.WriteLine(Verdict.Draw(verdicts));
        }
    }

    private static bool IsAsGood(Options options, Row[] rows)
    {
        if (options.Against is not { } file)
        {
            return true;
        }

        IReadOnlyList<string> worse = Guard.FindWorse(File.ReadAllText(file), rows, options.IsWhole);
        Console.WriteLine(worse.Count == 0 ? $"Nothing is worse than in {file}." : $"WORSE than in {file}, or not the same list:");
        foreach (string line in worse)
        {
            Console.WriteLine("   " + line);
        }

        return worse.Count == 0;
    }

    private static void Detail(IReadOnlyList<Result> results, Plan plan)
    {
        Console.WriteLine("Each plant and initial limit on its own: mean (worst seed).");
        foreach (var scenario in Scoreboard.Detail(results).GroupBy(r => (r.Scenario, r.Title)))
        {
            Console.WriteLine($"{scenario.Key.Scenario}  {scenario.Key.Title}");
            foreach (Row row in scenario.OrderBy(r => plan.Laws.ToList().IndexOf(r.Law)))
            {
                string met = row.Met switch
                {
                    true => "✓",
                    false => "✗",
                    _ => "",
                };
                Console.WriteLine($"   {row.Law.Name,-18} {row.At,-26} {row.Figure.Name.Trim(),-30} {TextTable.Number(row.Mean),8} ({TextTable.Number(row.Worst)}) {met}");
            }
        }
    }
}
