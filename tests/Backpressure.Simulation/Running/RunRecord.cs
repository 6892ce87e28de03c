using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation.Running;

/// <summary>What became of the requests of one kind that arrived in one phase.</summary>
internal sealed class Tally
{
    public int Offered { get; set; }

    /// <summary>Served within the client's deadline.</summary>
    public int InTime { get; set; }

    public int Late { get; set; }

    public int Refused { get; set; }

    /// <summary>From arrival to answer, of all that were served.</summary>
    public LatencyHistogram Latencies { get; } = new();
}

/// <summary>All that was seen in one run.</summary>
internal sealed class RunRecord
{
    private readonly Tally[] _tallies;

    public RunRecord(Timeline timeline, Trace trace)
    {
        Timeline = timeline;
        Trace = trace;
        InTime = new double[timeline.Bins];
        Limit = new int[timeline.Bins];
        Nominal = new int[timeline.Bins];
        InFlight = new int[timeline.Bins];
        Waiting = new int[timeline.Bins];
        Refused = new int[timeline.Bins];
        _tallies = new Tally[timeline.Scenario.Phases.Count * timeline.Scenario.Kinds.Count];
        foreach (ref Tally tally in _tallies.AsSpan())
        {
            tally = new Tally();
        }
    }

    public Timeline Timeline { get; }

    public Trace Trace { get; }

    /// <summary>Work that was finished in time, by the bin it was finished in, in server-seconds.</summary>
    public double[] InTime { get; }

    /// <summary>Refusals by the bin they fell in.</summary>
    public int[] Refused { get; }

    /// <summary>The limit in force at each bin's end.</summary>
    public int[] Limit { get; }

    /// <summary>The same without dips.</summary>
    public int[] Nominal { get; }

    public int[] InFlight { get; }

    public int[] Waiting { get; }

    /// <summary>When somebody was refused for the last time; 0: nobody was.</summary>
    public double LastRefusedAt { get; set; }

    /// <summary>Events of all kinds: what the run cost.</summary>
    public long Events { get; set; }

    public Tally TallyOf(int phase, int kind) => _tallies[(phase * Timeline.Scenario.Kinds.Count) + kind];
}
