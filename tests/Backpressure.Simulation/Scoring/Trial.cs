using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Running;
using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation.Scoring;

/// <summary>A law's figures in one run.</summary>
internal sealed record Result(Scenario Scenario, PlantSpec Plant, LawUnderTest Law, int Initial, int Seed, double[] Values, long Events);

/// <summary>One scenario on one plant with one seed: the same arrivals for every law from every initial limit.</summary>
internal sealed record Trial(Scenario Scenario, PlantSpec Plant, int Seed, IReadOnlyList<LawUnderTest> Laws, IReadOnlyList<int> Initials)
{
    /// <summary>In about what proportion to others it takes long.</summary>
    public double Weight { get; } = new Timeline(Scenario, Plant).Expected * Laws.Count;

    public IReadOnlyList<Result> Run()
    {
        Timeline timeline = new(Scenario, Plant);
        Trace trace = Trace.Draw(timeline, Seed);
        RunRecord oracle = Running.Run.Of(timeline, trace, LawUnderTest.TheOracle, 0);
        List<Result> results = [Judge(LawUnderTest.TheOracle, 0, oracle)];
        foreach (LawUnderTest law in Laws.Where(l => !l.Oracle))
        {
            foreach (int initial in law.HasInitial ? Initials : [20])
            {
                results.Add(Judge(law, initial, Running.Run.Of(timeline, trace, law, initial)));
            }
        }

        return results;

        Result Judge(LawUnderTest law, int initial, RunRecord record) =>
            new(Scenario, Plant, law, initial, Seed, [.. Scenario.Figures.Select(f => f.Value(record, oracle))], record.Events);
    }

    /// <summary>Runs them all on so many threads; the results stand in the order of the trials.</summary>
    public static IReadOnlyList<Result> RunAll(IReadOnlyList<Trial> trials, int threads)
    {
        // The longest first, so that the last ones to end are short.
        int[] order = [.. Enumerable.Range(0, trials.Count).OrderByDescending(i => trials[i].Weight)];
        var results = new IReadOnlyList<Result>[trials.Count];
        int next = -1;
        Thread[] workers =
        [
            .. Enumerable.Range(0, Math.Min(threads, trials.Count)).Select(_ => new Thread(() =>
            {
                for (int i = Interlocked.Increment(ref next); i < order.Length; i = Interlocked.Increment(ref next))
                {
                    results[order[i]] = trials[order[i]].Run();
                }
            })),
        ];
        Array.ForEach(workers, w => w.Start());
        Array.ForEach(workers, w => w.Join());
        return [.. results.SelectMany(r => r)];
    }
}
