using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using FlashSale.Processes;

namespace Backpressure.Benchmarks.Live;

/// <summary>Plays experiments: starts server and load as processes on a core each, and ends both.</summary>
internal sealed class Stage(string folder, Cores? cores, TimeProvider time, Action<string> say, CancellationToken interrupted)
{
    public const string ServerRole = "live-server";
    public const string LoadRole = "live-load";

    private const int MostTries = 3;

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(30);

    /// <summary>Without a guard the server's memory is bounded by nothing else, and must not take the machine's.</summary>
    private const long HeapLimitBytes = 2L << 30;

    /// <summary>Plays it, and again if the load was sent too late for it to count.</summary>
    public async Task<Run> PlayAsync(Experiment experiment, Contender contender)
    {
        Run run = await PlayOnceAsync(experiment, contender, tries: 1);
        while (run.IsVoid && run.Tries < MostTries)
        {
            say(string.Create(CultureInfo.InvariantCulture, $"  Void: p99 of how late the load was sent is {run.SendLagP99Ms:0} ms. Once more."));
            run = await PlayOnceAsync(experiment, contender, run.Tries + 1);
        }

        return run;
    }

    private async Task<Run> PlayOnceAsync(Experiment experiment, Contender contender, int tries)
    {
        // The same arrivals and service times for all contenders, and each time.
        int seed = experiment.Work.Aggregate(17, (hash, character) => unchecked((hash * 31) + character)) & int.MaxValue;
        await using ChildProcess server = Start(cores?.Server, ServerRole, new ServerSettings(contender, experiment.Plant, experiment.Routes, experiment.Changes, seed, [.. experiment.Phases.Select(p => p.Seconds)]), HeapLimitBytes);
        int port = int.Parse(await LineAsync(server, "server", LongestStart), CultureInfo.InvariantCulture);

        string log = Path.Combine(folder, "load.log");
        string[] paths = [.. experiment.Routes.Select(r => r.Path)];
        await using ChildProcess load = Start(
            cores?.Load, LoadRole, new LoadSettings(port, log, paths, experiment.Phases, experiment.ClientTimeoutMs, experiment.Retries, seed, experiment.ClosedLoop, experiment.Watching));
        string ready = await LineAsync(load, "load generator", LongestStart);
        if (ready != Signals.Ready)
        {
            throw new InvalidOperationException($"The load generator said '{ready}' where '{Signals.Ready}' was due.");
        }

        string start = Signals.Start(time.GetTimestamp() + (time.TimestampFrequency / 10));
        server.Tell(start);
        load.Tell(start);
        TimeSpan longest = TimeSpan.FromSeconds(experiment.Seconds) + LongestDrain;
        LoadReport loadReport = JsonSerializer.Deserialize<LoadReport>(await LineAsync(load, "load generator", longest))!;
        await load.StopAsync();

        bool died = server.Exited.IsCompleted;
        if (died && contender.Guard != Guard.Nothing)
        {
            throw new InvalidOperationException($"The server with {contender.Name} ended by itself, exit code {await server.Exited}. It said: {server.Errors}");
        }

        await server.StopAsync();
        ServerReport? serverReport = died ? null : JsonSerializer.Deserialize<ServerReport>(await LineAsync(server, "server", LongestDrain));
        return new Run(experiment, contender, AttemptRecord.ReadAll(log), loadReport, serverReport, tries, died);
    }

    private static ChildProcess Start<TSettings>(int? core, string role, TSettings settings, long? heapLimitBytes = null)
        => core is { } chosen && OperatingSystem.IsLinux()
            ? Cores.StartOn(chosen, () => ChildProcess.Start(role, settings, heapLimitBytes))
            : ChildProcess.Start(role, settings, heapLimitBytes);

    private async Task<string> LineAsync(ChildProcess process, string name, TimeSpan longest)
    {
        try
        {
            return await process.Output.ReadAsync(interrupted).AsTask().WaitAsync(longest, time, interrupted);
        }
        catch (Exception exception) when (exception is ChannelClosedException or TimeoutException)
        {
            throw new InvalidOperationException($"The {name} said nothing within {longest.TotalSeconds:0} s, or ended. It said before: {process.Errors}", exception);
        }
    }
}
