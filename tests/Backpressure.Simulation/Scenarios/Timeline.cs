using Backpressure.Simulation.Plants;

namespace Backpressure.Simulation.Scenarios;

/// <summary>From this time on.</summary>
internal readonly record struct Change(double At, double Servers, int BestLimit, int Phase);

/// <summary>A scenario on a plant, in seconds and servers: what happens when, whatever the law and the seed.</summary>
internal sealed class Timeline
{
    /// <summary>More would take too long.</summary>
    private const double MostArrivals = 300_000;

    private const double BinSecondsOfUnit = 0.1;
    private const double DriftStep = 0.25;

    public Timeline(Scenario scenario, PlantSpec plant)
    {
        Scenario = scenario;
        Plant = plant;
        Servers = plant.Servers * scenario.Servers;
        Unit = plant.MeanService / 0.05;
        Unit *= Math.Min(1, MostArrivals / CountExpected());
        Expected = CountExpected();
        BinSeconds = BinSecondsOfUnit * Unit;
        Starts = new double[scenario.Phases.Count + 1];
        for (int i = 0; i < scenario.Phases.Count; i++)
        {
            Starts[i + 1] = Starts[i] + (scenario.Phases[i].Seconds * Unit);
        }

        End = Starts[^1];
        Bins = (int)Math.Round(End / BinSeconds);
        Changes = [.. FindChanges()];
        Capacity = SumCapacity();
    }

    public Scenario Scenario { get; }

    public PlantSpec Plant { get; }

    /// <summary>Arrivals, about.</summary>
    public double Expected { get; }

    /// <summary>All of them.</summary>
    public double Servers { get; }

    /// <summary>Seconds for each second in a scenario's words.</summary>
    public double Unit { get; }

    public double End { get; }

    public double BinSeconds { get; }

    public int Bins { get; }

    /// <summary>Where each phase starts, and the end.</summary>
    public double[] Starts { get; }

    public Change[] Changes { get; }

    /// <summary>Server-seconds in each bin.</summary>
    public double[] Capacity { get; }

    /// <summary>The longest wait.</summary>
    public double MaxWait => 10 * Scenario.Patience * Plant.MeanService;

    /// <summary>When a client stops caring, as a rule.</summary>
    public double Deadline => Scenario.Clients?.TimeOut is { } timeOut ? timeOut * Plant.MeanService / 0.05 : 20 * Scenario.Patience * Plant.MeanService;

    /// <summary>The same of one kind.</summary>
    public double DeadlineOf(int kind) => Deadline * Scenario.Kinds[kind].Patience;

    public int BinAt(double time) => Math.Min(Bins - 1, (int)(time / BinSeconds));

    /// <summary>The bins of a phase, from and to.</summary>
    public (int From, int To) BinsOf(int phase) =>
        ((int)Math.Round(Starts[phase] / BinSeconds), (int)Math.Round(Starts[phase + 1] / BinSeconds));

    public double ShareOf(int phase, int kind) => Scenario.Phases[phase].Mix is { } mix ? mix[kind] : Scenario.Kinds[kind].Share;

    public double MeanWork(int phase)
    {
        double work = 0;
        double shares = 0;
        for (int kind = 0; kind < Scenario.Kinds.Count; kind++)
        {
            work += ShareOf(phase, kind) * Scenario.Kinds[kind].Work * Scenario.Kinds[kind].Servers;
            shares += ShareOf(phase, kind);
        }

        return Plant.MeanService * work / shares;
    }

    /// <summary>Units of the limit for each server that is kept busy.</summary>
    public double UnitsOfServer(int phase)
    {
        double servers = 0;
        double units = 0;
        for (int kind = 0; kind < Scenario.Kinds.Count; kind++)
        {
            RequestKind each = Scenario.Kinds[kind];
            servers += ShareOf(phase, kind) * each.Work * each.Servers;
            units += ShareOf(phase, kind) * (each.Work + each.Lingers) * each.Cost;
        }

        return units / servers;
    }

    /// <summary>Arrivals per second at a load.</summary>
    public double RateAt(int phase, double load) => load * Servers / MeanWork(phase);

    private double CountExpected()
    {
        double expected = 0;
        for (int i = 0; i < Scenario.Phases.Count; i++)
        {
            Phase phase = Scenario.Phases[i];
            expected += RateAt(i, (phase.Load + phase.LoadAtEnd) / 2) * phase.Seconds * Unit;
        }

        return expected;
    }

    private IEnumerable<Change> FindChanges()
    {
        List<double> times = [.. Starts.AsSpan(0, Starts.Length - 1)];
        double step = Plant.Course switch
        {
            CapacityCourse.Drift => DriftStep * Unit,
            CapacityCourse.Stops => 10 * Unit,
            _ => double.PositiveInfinity,
        };
        for (double at = step; at < End; at += step)
        {
            times.Add(at);
            if (Plant.Course == CapacityCourse.Stops)
            {
                times.Add(at + (0.3 * Unit));
            }
        }

        times.Sort();
        int phase = -1;
        foreach (double at in times.Distinct())
        {
            while (phase + 1 < Scenario.Phases.Count && at >= Starts[phase + 1])
            {
                phase++;
            }

            double servers = Servers * Scenario.Phases[phase].Capacity;
            if (Plant.Course == CapacityCourse.Drift)
            {
                servers *= 1 + (0.5 * Math.Sin(2 * Math.PI * at / (60 * Unit)));
            }

            // A stop or an outage is over before any limit could do better than to stay.
            int best = (int)Math.Round(PlantSpec.BestLimit(servers > 0 ? servers : Servers, Plant.Contention) * UnitsOfServer(phase));
            double sinceStop = at % (10 * Unit);
            bool stopped = Plant.Course == CapacityCourse.Stops && at >= 9 * Unit && (sinceStop < 0.29 * Unit || sinceStop > 9.99 * Unit);
            yield return new Change(at, stopped ? 0 : servers, best, phase);
        }
    }

    private double[] SumCapacity()
    {
        double[] capacity = new double[Bins];
        for (int i = 0; i < Changes.Length; i++)
        {
            double from = Changes[i].At;
            double to = i + 1 < Changes.Length ? Changes[i + 1].At : End;
            while (to - from > 1e-9)
            {
                int bin = Math.Min(Bins - 1, (int)((from + 1e-9) / BinSeconds));
                double until = Math.Min(to, bin == Bins - 1 ? to : (bin + 1) * BinSeconds);
                capacity[bin] += (until - from) * Changes[i].Servers;
                from = until;
            }
        }

        return capacity;
    }
}
