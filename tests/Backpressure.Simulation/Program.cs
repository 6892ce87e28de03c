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

        long start = TimeProvider.System.GetTimestamp();
        Plan plan = Plan.Of(options);
        IReadOnlyList<Result> results = Trial.RunAll(plan.Trials, options.Threads);
        bool sound = Report(options, plan, results);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{results.Count:N0} runs, {results.Sum(r => r.Events) / 1e6:N0} million events, {TimeProvider.System.GetElapsedTime(start).TotalSeconds:N0} s"));
        return sound ? 0 : 1;
    }

    /// <returns>Whether every controller that must fail did.</returns>
    private static bool Report(Options options, Plan plan, IReadOnlyList<Result> results)
    {
        List<Row> rows = [];
        LawUnderTest[] good = [.. plan.Laws.Where(l => !l.MustFail)];
        bool sound = true;
        if (plan.Plants.Count > 0)
        {
            IReadOnlyList<Row> sums = Scoreboard.Sum(results, plan.Plants);
            rows.AddRange(sums);
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

        if (plan.Others.Count > 0)
        {
            IReadOnlyList<Row> compared = Scoreboard.Compare(results, plan.Others);
            rows.AddRange(compared);
            Console.WriteLine("Other plants, ÷ the oracle's: mean over all (worst plant); met from 0.92 (0.85).");
            Console.WriteLine(TextTable.Draw([.. compared.Where(r => r.Plant == "others" && !r.Law.Oracle)], [.. good.Where(l => !l.Oracle)]));
            foreach (Row row in compared.Where(r => r.Plant == "others" && r.Law.Algorithm == LimitAlgorithm.Adaptive && !r.Law.MustFail))
            {
                Console.WriteLine($"   {row.Scenario} {row.Figure.Name}: {row.Law.Name} is worst on {row.At}");
            }

            Console.WriteLine();
        }

        if (options.Detail)
        {
            Detail(results, plan);
        }

        if (options.Json is { } file)
        {
            JsonReport.Write(file, rows);
        }

        return sound;
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
