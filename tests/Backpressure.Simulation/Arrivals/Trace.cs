using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation.Arrivals;

/// <summary>One arrival: when, of which kind, and how much work.</summary>
internal readonly record struct Incoming(double At, double Work, int Kind);

/// <summary>
/// Everything that comes from outside in one run: drawn once for a seed, and met by every law alike.
/// </summary>
internal sealed class Trace
{
    private Trace(Incoming[] all, double[] offered)
    {
        All = all;
        Offered = offered;
    }

    public Incoming[] All { get; }

    /// <summary>Work that came in each bin, in server-seconds.</summary>
    public double[] Offered { get; }

    /// <summary>
    /// Open-loop Poisson arrivals, by thinning: candidates come at a phase's highest rate, and each stays with the
    /// probability that the rate then has.
    /// </summary>
    public static Trace Draw(Timeline timeline, int seed)
    {
        List<Incoming> all = [];
        double[] offered = new double[timeline.Bins];
        Bursts? bursts = timeline.Plant.Bursts ? new Bursts(seed, 10 * timeline.Plant.MeanService) : null;
        long index = 0;
        for (int p = 0; p < timeline.Scenario.Phases.Count; p++)
        {
            Phase phase = timeline.Scenario.Phases[p];
            double start = timeline.Starts[p];
            double length = timeline.Starts[p + 1] - start;
            double from = timeline.RateAt(p, phase.Load);
            double to = timeline.RateAt(p, phase.LoadAtEnd);
            double most = Math.Max(from, to) * (bursts is null ? 1 : Bursts.High);
            double at = start;
            while (most > 0)
            {
                Draws draws = new(seed, index++);
                at += draws.Exponential() / most;
                if (at >= start + length)
                {
                    break;
                }

                double rate = (from + ((to - from) * (at - start) / length)) * (bursts?.FactorAt(at) ?? 1);
                double lot = draws.Unit();
                int kind = KindOf(timeline, p, draws.Unit());
                double work = timeline.Scenario.Kinds[kind].Work * timeline.Plant.MeanService * phase.Latency
                    * timeline.Plant.DrawService(ref draws);
                if (lot * most < rate)
                {
                    all.Add(new Incoming(at, work, kind));
                    offered[timeline.BinAt(at)] += work;
                }
            }
        }

        return new Trace([.. all], offered);
    }

    private static int KindOf(Timeline timeline, int phase, double lot)
    {
        int kinds = timeline.Scenario.Kinds.Count;
        if (kinds == 1)
        {
            return 0;
        }

        double shares = 0;
        for (int kind = 0; kind < kinds; kind++)
        {
            shares += timeline.ShareOf(phase, kind);
        }

        lot *= shares;
        for (int kind = 0; kind < kinds - 1; kind++)
        {
            lot -= timeline.ShareOf(phase, kind);
            if (lot < 0)
            {
                return kind;
            }
        }

        return kinds - 1;
    }
}
