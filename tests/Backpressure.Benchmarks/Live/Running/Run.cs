namespace Backpressure.Benchmarks.Live;

/// <summary>What came of an experiment with one contender.</summary>
/// <param name="Tries">How often it was played, void ones included.</param>
/// <param name="ServerDied">The server's process ended by itself; possible only without a guard.</param>
internal sealed record Run(
    Experiment Experiment, Contender Contender, AttemptRecord[] Attempts, LoadReport Load, ServerReport? Server, int Tries, bool ServerDied)
{
    private const double MostSendLagMs = 50;
    private const double RecoveredShare = 0.95;
    private const double RecoveryStep = 0.1;

    public double SendLagP99Ms { get; } = Percentile(Attempts.Select(a => a.LagMs), 0.99) ?? 0;

    /// <summary>The generator was late: what it offered is not what was meant.</summary>
    public bool IsVoid => SendLagP99Ms > MostSendLagMs;

    public double ClosedLoopPerSecond => Load.ClosedLoopPerSecond;

    /// <summary>Requests served in time, by when the answer came, as a part of what could have been.</summary>
    public double Goodput(string phase, double capacityPerSecond)
    {
        Window window = Experiment.During(phase);
        return Attempts.Count(a => IsServed(a) && window.Has(a.EndMs)) / (capacityPerSecond * window.Seconds);
    }

    /// <summary>Of the requests that came in a phase (on a route, or on all), how many per cent were served in time.</summary>
    public double? ServedPercent(string phase, string? path = null) => ServedShare(Experiment.During(phase), path) * 100;

    /// <summary>Of the attempts that came in a phase, how many per cent the server refused.</summary>
    public double RefusedPercent(string phase)
    {
        Window window = Experiment.During(phase);
        AttemptRecord[] came = [.. Attempts.Where(a => window.Has(a.DueMs))];
        return 100.0 * came.Count(a => a is { Ending: Ending.Answered, Status: 429 or 503 }) / Math.Max(1, came.Length);
    }

    /// <summary>Of those served in time; <see langword="null"/> where nobody was.</summary>
    public double? P99Ms(string phase, string path)
    {
        Window window = Experiment.During(phase);
        int route = IndexOf(path);
        return Percentile(Attempts.Where(a => a.Route == route && window.Has(a.FirstDueMs) && IsServed(a)).Select(a => a.LatencyMs), 0.99);
    }

    /// <summary>
    /// From the beginning of these phases until, for a second on end, 95 % of what comes is served in time;
    /// <see langword="null"/>: not while they lasted.
    /// </summary>
    public double? RecoverySeconds(params ReadOnlySpan<string> phases)
    {
        double from = Experiment.During(phases[0]).From;
        double to = Experiment.During(phases[^1]).To;
        for (double waited = 0; from + waited + 1 <= to + (RecoveryStep / 2); waited += RecoveryStep)
        {
            if (ServedShare(new Window(from + waited, from + waited + 1), path: null) >= RecoveredShare)
            {
                return Math.Round(waited, 1);
            }
        }

        return null;
    }

    /// <summary>Of its core, what the server used in a phase; <see langword="null"/>: it ended before the phase did.</summary>
    public double? ProcessorPercent(string phase)
    {
        int index = Experiment.Phases.Select(p => p.Name).ToList().IndexOf(phase);
        return Server is { } server && index >= 0 && index < server.ProcessorByPhase.Count ? server.ProcessorByPhase[index] * 100 : null;
    }

    public double AttemptsPerRequest(params ReadOnlySpan<string> phases)
    {
        Window window = new(Experiment.During(phases[0]).From, Experiment.During(phases[^1]).To);
        return (double)Attempts.Count(a => window.Has(a.FirstDueMs)) / Math.Max(1, Attempts.Count(a => a.IsLast && window.Has(a.FirstDueMs)));
    }

    private double? ServedShare(Window window, string? path)
    {
        int? route = path is null ? null : IndexOf(path);
        int came = 0;
        int served = 0;
        foreach (AttemptRecord attempt in Attempts)
        {
            if (attempt.IsLast && window.Has(attempt.FirstDueMs) && (route is null || attempt.Route == route))
            {
                came++;
                served += IsServed(attempt) ? 1 : 0;
            }
        }

        return came == 0 ? null : (double)served / came;
    }

    private bool IsServed(AttemptRecord attempt) => attempt.IsSuccess(Experiment.ClientTimeoutMs);

    private int IndexOf(string path) => Experiment.Routes.Select(r => r.Path).ToList().IndexOf(path);

    private static double? Percentile(IEnumerable<float> values, double share)
    {
        float[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(share * sorted.Length) - 1)];
    }
}
