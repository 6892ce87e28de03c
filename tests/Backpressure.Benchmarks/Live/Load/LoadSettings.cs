namespace Backpressure.Benchmarks.Live;

/// <summary>What the parent process tells a load process.</summary>
/// <param name="Port">Of the server, on loopback.</param>
/// <param name="LogFile">Where it writes what became of each attempt.</param>
/// <param name="Paths">What is asked for, by route.</param>
/// <param name="Watching">Who looks at the server's page meanwhile.</param>
internal sealed record LoadSettings(
    int Port,
    string LogFile,
    IReadOnlyList<string> Paths,
    IReadOnlyList<Phase> Phases,
    int ClientTimeoutMs,
    int Retries,
    int Seed,
    ClosedLoopSettings? ClosedLoop,
    IReadOnlyList<Watching> Watching);

/// <summary>So many callers, each asking again as soon as it has been answered.</summary>
internal sealed record ClosedLoopSettings(int Callers, double WarmUpSeconds, double Seconds);

/// <summary>What a load process says when it has ended.</summary>
/// <param name="ProcessorShare">Of its core, while it sent.</param>
/// <param name="Attempts">How many requests it sent.</param>
/// <param name="ClosedLoopPerSecond">Answers of success a second, where it was a closed loop.</param>
internal sealed record LoadReport(double ProcessorShare, int Attempts, double ClosedLoopPerSecond);
