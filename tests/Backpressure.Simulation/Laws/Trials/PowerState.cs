namespace Backpressure.Simulation.Laws.Trials;

/// <summary>A window as <see cref="PowerLaw"/> compares it.</summary>
internal readonly record struct PowerPoint(double LogInFlight, double LogPower, double Variance)
{
    public double EvidenceTo(in PowerPoint there)
    {
        double step = there.LogInFlight - LogInFlight;
        return Variance == 0 || Math.Abs(step) < PowerLaw.LeastStep ? 0
            : Math.Clamp(2 * (there.LogPower - LogPower) * step / (Variance + there.Variance), -PowerLaw.MostEvidence, PowerLaw.MostEvidence);
    }
}

/// <summary>What <see cref="PowerLaw"/> knows.</summary>
internal readonly record struct PowerState
{
    public Ground Ground { get; init; }

    public Alarm Alarm { get; init; }

    /// <summary>p: how far to both sides it looks, in ln n.</summary>
    public double Reach { get; init; }

    /// <summary>On which side the window is that is open.</summary>
    public int Side { get; init; }

    /// <summary>Which way it moved last.</summary>
    public int Way { get; init; }

    public PowerPoint Before { get; init; }

    /// <summary>ln of how many times likelier it is that power rises with the limit.</summary>
    public double Evidence { get; init; }
}
