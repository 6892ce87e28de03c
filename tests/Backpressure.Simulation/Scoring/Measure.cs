using Backpressure.Simulation.Running;
using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation.Scoring;

/// <summary>What the words of the scenarios mean in a run's record.</summary>
internal static class Measure
{
    /// <summary>"Never" is judged in bins of this many seconds.</summary>
    private const double JudgedSeconds = 5;

    private const double BinsPerSecond = 10;

    /// <summary>What must have been served of a second's offer to call it normal.</summary>
    private const double ServedAgain = 0.95;

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

    /// <summary>
    /// What <see cref="P99"/> would be if nobody waited and nobody shared: of the service times alone, as they were drawn.
    /// </summary>
    public static double UnqueuedP99(RunRecord run, int phase, int kind)
    {
        Timeline timeline = run.Timeline;
        (double from, double to) = (timeline.Starts[phase], timeline.Starts[phase + 1]);
        double[] work = [.. run.Trace.All.Where(i => i.Kind == kind && i.At >= from && i.At < to).Select(i => i.Work).Order()];
        return work.Length == 0 ? 0 : work[(int)Math.Ceiling(0.99 * work.Length) - 1];
    }

    /// <summary>Those of some kinds who came in a phase and were served in time ÷ all of them.</summary>
    public static double Served(RunRecord run, int phase, int firstKind, int kinds)
    {
        (int offered, int inTime) = (0, 0);
        for (int kind = firstKind; kind < firstKind + kinds; kind++)
        {
            Tally tally = run.TallyOf(phase, kind);
            offered += tally.Offered;
            inTime += tally.InTime;
        }

        return offered == 0 ? 1 : (double)inTime / offered;
    }

    /// <summary>
    /// Jain's index of what each kind got ÷ what it should have got, which is the max-min fair part: as much as it asked
    /// for, but of what does not suffice an equal part. 1: all alike; 1 ÷ kinds: one got all.
    /// </summary>
    /// <remarks>Source: Jain, Chiu and Hawe, DEC-TR-301 (1984), section 3, with the optimal allocation as the norm.</remarks>
    public static double JainIndex(RunRecord run, int phase)
    {
        Tally[] tallies = [.. Enumerable.Range(0, run.Timeline.Scenario.Kinds.Count).Select(kind => run.TallyOf(phase, kind))];
        double left = (run.Timeline.Starts[phase + 1] - run.Timeline.Starts[phase]) * run.Timeline.RateAt(phase, 1);
        int sharers = tallies.Length;
        (double sum, double squares) = (0, 0);
        foreach (Tally tally in tallies.OrderBy(t => t.Offered))
        {
            double fair = Math.Min(tally.Offered, left / sharers--);
            left -= fair;
            double got = fair > 0 ? tally.InTime / fair : 1;
            sum += got;
            squares += got * got;
        }

        return squares > 0 ? sum * sum / (tallies.Length * squares) : 0;
    }

    /// <summary>Attempts ÷ clients, of those who came first in these phases.</summary>
    public static double Amplification(RunRecord run, int firstPhase, int lastPhase)
    {
        (int offered, int attempts) = (0, 0);
        for (int phase = firstPhase; phase <= lastPhase; phase++)
        {
            for (int kind = 0; kind < run.Timeline.Scenario.Kinds.Count; kind++)
            {
                offered += run.TallyOf(phase, kind).Offered;
                attempts += run.TallyOf(phase, kind).Attempts;
            }
        }

        return offered == 0 ? 1 : (double)attempts / offered;
    }

    /// <summary>Most clients that came back within one second, ÷ what can be served in one.</summary>
    public static double BusiestSecondOfReturns(RunRecord run)
    {
        int most = 0;
        for (int bin = 0; bin + BinsPerSecond <= run.Timeline.Bins; bin += (int)BinsPerSecond)
        {
            most = Math.Max(most, run.Returns.AsSpan(bin, (int)BinsPerSecond).ToArray().Sum());
        }

        return most / (BinsPerSecond * run.Timeline.BinSeconds * run.Timeline.RateAt(0, 1));
    }

    /// <summary>A run's number ÷ the oracle's.</summary>
    public static double Ratio(double value, double oracle) => oracle > 0 ? value / oracle : double.PositiveInfinity;

    /// <summary>Seconds (of the scenario) from a phase's start until nobody is refused any more.</summary>
    public static double SecondsUntilQuiet(RunRecord run, int phase) =>
        Math.Max(0, run.LastRefusedAt - run.Timeline.Starts[phase]) / run.Timeline.Unit;

    /// <summary>Seconds from a phase's start to the first second of which nearly all was served; the phase's length if none was.</summary>
    public static double SecondsUntilServed(RunRecord run, int phase)
    {
        (int from, int to) = run.Timeline.BinsOf(phase);
        int bin = from;
        while (bin + BinsPerSecond <= to && Goodput(run, bin, bin + (int)BinsPerSecond) < ServedAgain)
        {
            bin++;
        }

        return (bin + BinsPerSecond <= to ? bin - from : to - from) / BinsPerSecond;
    }

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
