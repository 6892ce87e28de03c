namespace Backpressure.Benchmarks.Live;

/// <summary>One load on one downstream, and what is read off it.</summary>
/// <param name="Work">As the rows call it; <c>--only</c> looks here.</param>
/// <param name="ClientTimeoutMs">How long a client waits for an answer before it hangs up.</param>
/// <param name="Contenders">Who goes through it.</param>
/// <param name="Judge">Reads the figures off a run.</param>
internal sealed record Experiment(
    string Work,
    Plant Plant,
    IReadOnlyList<Route> Routes,
    IReadOnlyList<Phase> Phases,
    int ClientTimeoutMs,
    IReadOnlyList<Contender> Contenders,
    Func<Run, IEnumerable<Figure>> Judge)
{
    /// <summary>How often a client tries again after a failure of whatever kind.</summary>
    public int Retries { get; init; }

    public IReadOnlyList<CapacityChange> Changes { get; init; } = [];

    /// <summary>Whose figures have something to reach.</summary>
    public Contender Claimed { get; init; } = Contender.Backpressure;

    /// <summary>Who looks at the built-in page meanwhile.</summary>
    public IReadOnlyList<Watching> Watching { get; init; } = [];

    /// <summary>In place of <see cref="Phases"/>: so many callers, each asking again as soon as it has been answered.</summary>
    public ClosedLoopSettings? ClosedLoop { get; init; }

    public double Seconds => ClosedLoop is { } closed ? closed.WarmUpSeconds + closed.Seconds : Phases.Sum(p => p.Seconds);

    /// <summary>When a phase begins and ends.</summary>
    public Window During(string phase)
    {
        double from = 0;
        foreach (Phase next in Phases)
        {
            if (next.Name == phase)
            {
                return new Window(from, from + next.Seconds);
            }

            from += next.Seconds;
        }

        throw new ArgumentException($"'{phase}' is none of the phases of '{Work}'.", nameof(phase));
    }
}
