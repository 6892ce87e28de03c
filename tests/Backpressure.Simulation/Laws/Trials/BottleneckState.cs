namespace Backpressure.Simulation.Laws.Trials;

/// <summary>The highest of the last values: of this span and the one before.</summary>
internal readonly record struct Extreme(int Span)
{
    public double Value => Math.Max(Now, Before);

    public int Count { get; private init; }

    private double Now { get; init; }

    private double Before { get; init; }

    public Extreme With(double value) => Count > 0 && Count % Span == 0
        ? this with { Before = Now, Now = value, Count = Count + 1 }
        : this with { Now = Math.Max(Now, value), Count = Count + 1 };
}

/// <summary>What <see cref="BottleneckLaw"/> knows.</summary>
internal readonly record struct BottleneckState
{
    public Ground Ground { get; init; }

    public Alarm Alarm { get; init; }

    public BottleneckPhase Phase { get; init; }

    /// <summary>max Y.</summary>
    public Extreme Rate { get; init; }

    /// <summary>min S.</summary>
    public double Least { get; init; }

    public double Gain { get; init; }

    /// <summary>Where in the cycle of gains.</summary>
    public int Turn { get; init; }

    /// <summary>Windows of startup in a row that did not pay.</summary>
    public int Flat { get; init; }

    public int SinceLook { get; init; }

    /// <summary>Whether the look was called for by a jump, and what the stretch was then.</summary>
    public bool Jumped { get; init; }

    public double Stretch { get; init; }
}

internal enum BottleneckPhase
{
    Startup,
    Cycle,
    Below,
}
