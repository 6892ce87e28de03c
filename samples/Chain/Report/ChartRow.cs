using System.Globalization;
using Backpressure;
using Chain.Load;
using Chain.Running;
using Chain.Services;

namespace Chain.Report;

/// <summary>What the chart shows of one run. Seconds count from the slowdown.</summary>
/// <param name="Run">The run.</param>
/// <param name="Title">Which it is.</param>
/// <param name="Remark">What to see in it.</param>
/// <param name="Seconds">Middle of each interval.</param>
/// <param name="ServedPerSecond">By priority, by when the answer came.</param>
/// <param name="Attempts">Requests that reached Payments for one that Edge took in.</param>
/// <param name="Limit">Of Edge's gate.</param>
/// <param name="RefusedPerSecond">By Edge's gate.</param>
internal sealed record ChartRow(
    Run Run, string Title, string Remark, double[] Seconds, IReadOnlyDictionary<Priority, double[]> ServedPerSecond,
    double[] Attempts, double[] Limit, double[] RefusedPerSecond)
{
    public static ChartRow From(Run run, double interval)
    {
        double zero = Scenario.SlowFrom.TotalSeconds;
        double start = Scenario.WarmUp.TotalSeconds;
        int intervals = (int)Math.Round((Scenario.End.TotalSeconds - start) / interval);
        double[] edges = [.. Enumerable.Range(0, intervals + 1).Select(i => start + (i * interval))];
        Reading[] edge = [.. edges.Select(second => At(run, run.Edge, second))];
        Reading[] payments = [.. edges.Select(second => At(run, run.Payments, second))];
        return new ChartRow(
            run,
            run.Protected ? "With backpressure" : "Without",
            string.Create(CultureInfo.InvariantCulture, $"{run.CriticalServed:P1} of the critical served while Payments is slow; recovered: {Verdict.Seconds(run.RecoverySeconds)}{(run.RecoverySeconds is null ? "" : " after it")}; {run.Amplification:N2} attempts at Payments for one request"),
            [.. edges.Take(intervals).Select(second => second + (interval / 2) - zero)],
            Scenario.Mix.ToDictionary(m => m.Priority, m => Served(run, m.Priority, edges, interval)),
            [.. Between(payments, edge, (p, q, e, f) => (double)(q.Arrived - p.Arrived) / Math.Max(1, f.Taken - e.Taken))],
            [.. edge.Skip(1).Select(reading => reading.Limit)],
            [.. edge.Zip(edge.Skip(1), (e, f) => (f.Refused - e.Refused) / interval)]);
    }

    private static IEnumerable<double> Between(Reading[] a, Reading[] b, Func<Reading, Reading, Reading, Reading, double> of)
        => Enumerable.Range(0, a.Length - 1).Select(i => of(a[i], a[i + 1], b[i], b[i + 1]));

    private static Reading At(Run run, IReadOnlyList<Reading> readings, double second)
        => readings.LastOrDefault(reading => run.SecondOf(reading) <= second) ?? readings[0];

    private static double[] Served(Run run, Priority priority, double[] edges, double interval)
    {
        double[] perSecond = new double[edges.Length - 1];
        foreach (RequestRecord request in run.Records.Where(r => r.Priority == priority && r.IsServed))
        {
            int index = (int)Math.Floor((request.EndedSeconds - edges[0]) / interval);
            if (index >= 0 && index < perSecond.Length)
            {
                perSecond[index] += 1 / interval;
            }
        }

        return perSecond;
    }
}
