using Backpressure.Simulation.Arrivals;

namespace Backpressure.Simulation.Plants;

internal enum ServiceShape
{
    LogNormal,
    Exponential,

    /// <summary>A tenth of the mean, or ten times the mean: 5 ms and 500 ms at 50 ms.</summary>
    Bimodal,
}

internal enum CapacityCourse
{
    /// <summary>As the scenario says.</summary>
    Steady,

    /// <summary>Up and down by half as a sine of 60 s.</summary>
    Drift,

    /// <summary>Every 10 s nothing moves for 300 ms.</summary>
    Stops,
}

/// <summary>
/// The downstream that is simulated: C servers shared by all that run, service times with mean W, and contention κ.
/// </summary>
internal sealed record PlantSpec
{
    public required string Name { get; init; }

    /// <summary>C.</summary>
    public double Servers { get; init; } = 20;

    /// <summary>W, in seconds. The times of all scenarios are for 50 ms and scale with it.</summary>
    public double MeanService { get; init; } = 0.05;

    /// <summary>κ: with n in flight above C, throughput falls as 1 / (1 + κ (n − C) / C).</summary>
    public double Contention { get; init; }

    public ServiceShape Shape { get; init; }

    /// <summary>σ of a log-normal service time.</summary>
    public double Sigma { get; init; } = 0.5;

    public CapacityCourse Course { get; init; }

    /// <summary>Whether the arrivals come in bursts: 0.4 or 1.6 times the rate, changing after 10 W on average.</summary>
    public bool Bursts { get; init; }

    /// <summary>How many times longer than its mean one service takes.</summary>
    public double DrawService(ref Draws draws)
    {
        switch (Shape)
        {
            case ServiceShape.Exponential:
                return draws.Exponential();
            case ServiceShape.Bimodal:
                // The mean of both is 1.
                return draws.Unit() < 10.0 / 11 ? 0.1 : 10;
            default:
                return Math.Exp((Sigma * draws.Normal()) - (Sigma * Sigma / 2));
        }
    }

    /// <summary>Servers' worth of work a second with n in flight on so many servers.</summary>
    public static double WorkRate(double inFlight, double servers, double contention) =>
        inFlight <= servers ? inFlight
            : servers <= 0 ? 0
            : servers / (1 + (contention * (inFlight - servers) / servers));

    /// <summary>L*: the fewest in flight that do the most work.</summary>
    public static int BestLimit(double servers, double contention)
    {
        int below = Math.Max(1, (int)Math.Floor(servers));
        int above = Math.Max(1, (int)Math.Ceiling(servers));
        return WorkRate(above, servers, contention) > WorkRate(below, servers, contention) * (1 + 1e-9) ? above : below;
    }
}
