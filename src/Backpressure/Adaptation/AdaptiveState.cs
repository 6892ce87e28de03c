namespace Backpressure.Adaptation;

/// <summary>What <see cref="AdaptiveLaw"/> remembers from window to window.</summary>
internal readonly record struct AdaptiveState
{
    public required AdaptivePhase Phase { get; init; }

    /// <summary>The nominal limit; fractional, so that small steps add up.</summary>
    public required double Limit { get; init; }

    /// <summary>The limit last decided, a dip's or a test's included.</summary>
    public required int InForce { get; init; }

    /// <summary>The most requests in flight ever seen.</summary>
    public int Peak { get; init; }

    /// <summary>Samples the first baselines were learnt from.</summary>
    public int Learnt { get; init; }

    /// <summary>
    /// Whether the first baselines have been verified: learnt with room to spare, or by a cut. If the gate was full from
    /// the first request on, they may have been learnt in congestion.
    /// </summary>
    public bool Verified { get; init; }

    /// <summary>Whether the test that is under way is the first, of baselines that are not verified.</summary>
    public bool IsFirstTest { get; init; }

    /// <summary>Good windows in a row: slow start grows faster by them.</summary>
    public int Streak { get; init; }

    /// <summary>Windows in a row in slow start that were stretched by what may be noise.</summary>
    public int Doubts { get; init; }

    /// <summary>Bound windows since the last dip.</summary>
    public int SinceDip { get; init; }

    /// <summary>Windows that were followed since the last look for lost capacity, or a jump of the stretch; negative: after a test.</summary>
    public int SinceLook { get; init; }

    /// <summary>Servers' worth of work done a second, smoothed.</summary>
    public double Work { get; init; }

    /// <summary>The most of it of late; halves in a minute.</summary>
    public double MostWork { get; init; }

    /// <summary>The same without what is taken to be done for the long held.</summary>
    public double RestWork { get; init; }

    public double MostRestWork { get; init; }

    /// <summary>Dips since the baselines were first learnt or scaled, up to where they count as settled.</summary>
    public int DipsTaken { get; init; }

    /// <summary>Windows for which no test is begun.</summary>
    public int Rest { get; init; }

    /// <summary>Where a test began, or where a descent did.</summary>
    public OperatingPoint Before { get; init; }

    /// <summary>What the cut of a test showed.</summary>
    public OperatingPoint Cut { get; init; }

    /// <summary>Where the limit stood when it began to go down.</summary>
    public OperatingPoint Top { get; init; }

    /// <summary>The usual operating point, smoothed: what a dip is compared with.</summary>
    public OperatingPoint Usual { get; init; }

    public Elasticity Dips { get; init; }

    /// <summary>Whether the last window wanted a test but what it saw was younger than itself; 0 or 1.</summary>
    public int Unsteady { get; init; }

    /// <summary>So many in flight are known not to hinder each other: what is seen there is the baseline.</summary>
    public double Cleared { get; init; }

    /// <summary>Who comes, where the limit binds.</summary>
    public Demand Demand { get; init; }

    /// <summary>Whether a look upwards has found congestion: the next one goes down.</summary>
    public bool LookedUp { get; init; }

    /// <summary>Windows in a row in which the limit did not bind.</summary>
    public int Unbound { get; init; }

    /// <summary>Whether the last window had dropped requests in it.</summary>
    public bool Dropped { get; init; }

    /// <summary>What following has seen of lasting deviations from its target.</summary>
    public Drift Drift { get; init; }
}

internal enum AdaptivePhase
{
    /// <summary>Growing in jumps until the stretch shows.</summary>
    SlowStart,

    /// <summary>The limit follows the stretch.</summary>
    Follow,

    /// <summary>This window runs a little lower, to learn baselines.</summary>
    Dip,

    /// <summary>This window runs much lower, to tell congestion from a shift of latency.</summary>
    Test,

    /// <summary>The cut looked like a shift: this window runs as before it, to confirm.</summary>
    Confirm,

    /// <summary>This window runs higher, to see whether lost capacity has come back.</summary>
    Lookout,
}
