using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Tests.Adaptation;

/// <summary>
/// A downstream in virtual time, with a plain gate before it, to try the limit controller on: open-loop Poisson
/// arrivals, log-normal service, either processor sharing with contention or first come first served in a pool.
/// Deterministic by seed.
/// </summary>
internal sealed record Plant
{
    public const long TicksPerSecond = 10_000_000;

    public double Servers { get; init; } = 20;

    /// <summary>Servers at a time; null: always <see cref="Servers"/>.</summary>
    public Func<double, double>? ServersAt { get; init; }

    /// <summary>With n in flight above C, throughput falls as 1 / (1 + κ (n − C) / C).</summary>
    public double Contention { get; init; }

    /// <summary>A pool of connections: the excess waits in order, the rest runs at full speed.</summary>
    public bool Pooled { get; init; }

    public IReadOnlyList<PlantRoute> Routes { get; init; } = [new(0.05, 1)];

    /// <summary>Share of the routes at a time; null: as they say.</summary>
    public Func<double, double>? SecondRouteShareAt { get; init; }

    /// <summary>Service times grow by this at a time.</summary>
    public Func<double, double>? LatencyFactorAt { get; init; }

    public double Sigma { get; init; } = 0.5;

    /// <summary>Offered load ÷ capacity of <see cref="Servers"/>, at a time.</summary>
    public required Func<double, double> Load { get; init; }

    /// <summary>Of all arrivals, those that wait without being shed and go first.</summary>
    public double Critical { get; init; }

    public double Deadline { get; init; } = 1;

    public double MaxWait { get; init; } = 0.5;

    public double Seconds { get; init; } = 60;

    public bool CanQueue { get; init; } = true;

    public LimitSettings Limit { get; init; } = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 };

    public PlantResult Run(int seed)
    {
        ServiceMeter meter = new(TicksPerSecond);
        LimitController controller = new(Limit, meter, TicksPerSecond, 0);
        return new Run(this, meter, controller, new Random(seed)).ToEnd();
    }
}

internal sealed record PlantRoute(double Mean, double Share);

/// <summary>One second of a run.</summary>
internal record struct PlantSecond(double WorkInTime, int Offered, int Refused, int CriticalLate, double Limit, double InFlight);

internal sealed record PlantResult(IReadOnlyList<PlantSecond> Seconds, double Servers)
{
    public required IReadOnlyDictionary<LimitReason, int> Reasons { get; init; }

    public required IReadOnlyList<(double At, LimitDecision Decision)> Decisions { get; init; }

    /// <summary>Work finished within its deadline ÷ capacity.</summary>
    public double Goodput(int from, int to, double? servers = null)
        => Seconds.Take(from..to).Sum(s => s.WorkInTime) / ((to - from) * (servers ?? Servers));

    public double Rejected(int from, int to)
        => (double)Seconds.Take(from..to).Sum(s => s.Refused) / Math.Max(1, Seconds.Take(from..to).Sum(s => s.Offered));

    public double MeanLimit(int from, int to) => Seconds.Take(from..to).Average(s => s.Limit);
}
