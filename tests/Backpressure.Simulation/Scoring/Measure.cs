using Backpressure.Simulation.Running;

namespace Backpressure.Simulation.Scoring;

/// <summary>What the words of the scenarios mean in a run's record.</summary>
internal static class Measure
{
    /// <summary>"Never" is judged in bins of this many seconds.</summary>
    private const double JudgedSeconds = 5;

    private const double BinsPerSecond = 10;

    /// <summary>Work done in time ÷ true capacity, or ÷ what was offered where that is less.</summary>
    public static double Goodput(RunRecord run, int phase)
    {
        (int from, int to) = run.Timeline.BinsOf(phase);
        return Goodput(run, from, to);
    }

    /// <summary>The worst whole 5 s of a phase.</summary>
    public static double WorstGoodput(RunRecord run, int phase)
    {
        (int from, int to) = run.Timeline.BinsOf(phase);
        int length = (int)(JudgedSeconds * BinsPerSecond);
        double worst = double.PositiveInfinity;
        for (int bin = from; bin + length <= to; bin += length)
        {
            worst = Math.Min(worst, Goodput(run, bin, bin + length));
        }

        return worst;
    }

    /// <summary>Those of a phase who were refused ÷ those who came.</summary>
    public static double RefusedShare(RunRecord run, int phase)
    {
        (int offered, int refused) = (0, 0);
        for (int kind = 0; kind < run.Timeline.Scenario.Kinds.Count; kind++)
        {
            Tally tally = run.TallyOf(phase, kind);
            offered += tally.Offered;
            refused += tally.Refused;
        }

        return offered == 0 ? 0 : (double)refused / offered;
    }

    /// <summary>The response time of one kind in a phase that one in a hundred exceeds, in seconds.</summary>
    public static double P99(RunRecord run, int phase, int kind = 0) => run.TallyOf(phase, kind).Latencies.Quantile(0.99);

    /// <summary>A run's number ÷ the oracle's.</summary>
    public static double Ratio(double value, double oracle) => oracle > 0 ? value / oracle : double.PositiveInfinity;

    /// <summary>Seconds (of the scenario) from a phase's start until nobody is refused any more.</summary>
    public static double SecondsUntilQuiet(RunRecord run, int phase) =>
        Math.Max(0, run.LastRefusedAt - run.Timeline.Starts[phase]) / run.Timeline.Unit;

    /// <summary>The mean limit, dips aside, around a number of seconds after a phase's start.</summary>
    public static double LimitAround(RunRecord run, int phase, double seconds, double halfWidth = 5)
    {
        int first = run.Timeline.BinsOf(phase).From;
        int from = first + (int)Math.Round((seconds - halfWidth) * BinsPerSecond);
        int to = Math.Min(run.Timeline.Bins, first + (int)Math.Round((seconds + halfWidth) * BinsPerSecond));
        return run.Nominal.AsSpan(from, to - from).ToArray().Average();
    }

    /// <summary>t_conv: seconds from a phase's start until the limit stays within a quarter of the best.</summary>
    public static double SecondsUntilConverged(RunRecord run, int phase)
    {
        (int from, int to) = run.Timeline.BinsOf(phase);
        double best = run.Timeline.Servers * run.Timeline.Scenario.Phases[phase].Capacity;
        int bin = to;
        while (bin > from && Math.Abs(run.Nominal[bin - 1] - best) <= 0.25 * best)
        {
            bin--;
        }

        return (bin - from) / BinsPerSecond;
    }

    private static double Goodput(RunRecord run, int from, int to)
    {
        double done = 0;
        double capacity = 0;
        double offered = 0;
        for (int bin = from; bin < to; bin++)
        {
            done += run.InTime[bin];
            capacity += run.Timeline.Capacity[bin];
            offered += run.Trace.Offered[bin];
        }

        double possible = Math.Min(capacity, offered);
        return possible > 0 ? done / possible : 1;
    }
}
