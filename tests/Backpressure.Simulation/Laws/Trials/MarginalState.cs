using Backpressure.Adaptation;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>What a slot adds ÷ what slots earn, from steps too noisy to say it alone.</summary>
internal readonly record struct MarginalEvidence(double Weight, double Sum)
{
    public double Error => Weight > 0 ? 1 / Math.Sqrt(Weight) : double.PositiveInfinity;

    public double Mean(double prior, double priorWeight)
        => Weight + priorWeight > 0 ? (Sum + (prior * priorWeight)) / (Weight + priorWeight) : prior;

    public MarginalEvidence Faded(double keep) => new(keep * Weight, keep * Sum);

    public MarginalEvidence With(OperatingPoint from, OperatingPoint to)
    {
        double step = from.IsKnown ? Math.Log(to.InFlight / from.InFlight) : 0;
        if (Math.Abs(step) < MarginalLaw.LeastStep)
        {
            return this;
        }

        double error = from.ElasticityError(to);
        double weight = 1 / (error * error);
        return new(Weight + weight, Sum + (weight * Math.Clamp(from.ElasticityTo(to), MarginalLaw.LeastElasticity, MarginalLaw.MostElasticity)));
    }
}

/// <summary>What <see cref="MarginalLaw"/> knows.</summary>
internal readonly record struct MarginalState
{
    public Ground Ground { get; init; }

    public Alarm Alarm { get; init; }

    public OperatingPoint Before { get; init; }

    /// <summary>e, since the limit came here.</summary>
    public MarginalEvidence Worth { get; init; }

    /// <summary>p: how far to both sides it looks, in ln n.</summary>
    public double Reach { get; init; }

    /// <summary>Growing in jumps until one does not pay.</summary>
    public bool Starting { get; init; }

    /// <summary>On which side the window is that is open.</summary>
    public int Side { get; init; }
}
