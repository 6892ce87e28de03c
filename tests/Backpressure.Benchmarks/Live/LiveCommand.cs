using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using FlashSale.Processes;

namespace Backpressure.Benchmarks.Live;

/// <summary>Plays the programme and shows what came of it. The same executable is server and load generator too.</summary>
internal static class LiveCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case [Stage.ServerRole, var settings]:
                return await ServerProcess.RunAsync(JsonSerializer.Deserialize<ServerSettings>(settings)!);
            case [Stage.LoadRole, var settings]:
                return await LoadProcess.RunAsync(JsonSerializer.Deserialize<LoadSettings>(settings)!);
        }

        (LiveOptions? options, string? error) = LiveOptions.Parse(args[1..]);
        if (options is null || options.Help)
        {
            await (options is null ? Console.Error : Console.Out).WriteLineAsync(error is null ? LiveOptions.Usage : $"{error}\n\n{LiveOptions.Usage}");
            return options is null ? ExitCode.WrongArguments : ExitCode.Success;
        }

        (Experiment Experiment, Contender Contender)[] programme = Choose(options);
        if (programme.Length == 0)
        {
            string works = string.Join('\n', Programme.Full().Select(e => e.Work).Distinct().Concat(Contender.Known.Select(c => c.Name)).Select(n => $"  {n}"));
            await Console.Error.WriteLineAsync($"--only '{options.Only}' is part of no name{(options.Quick ? " of --quick" : "")}. The names are\n{works}");
            return ExitCode.WrongArguments;
        }

        if (options.FindUnwritable() is { } unwritable)
        {
            await Console.Error.WriteLineAsync(unwritable);
            return ExitCode.WrongArguments;
        }

        using CancellationTokenSource interrupted = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        string folder = Directory.CreateTempSubdirectory("backpressure-live-").FullName;
        try
        {
            return await PlayAsync(programme, options, folder, interrupted.Token);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            Console.WriteLine("Stopped.");
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException or IOException)
        {
            await Console.Error.WriteLineAsync($"It broke off. {exception.Message}");
            return ExitCode.BrokeOff;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Interrupt(PosixSignalContext signal)
        {
            signal.Cancel = true;
            interrupted.Cancel();
        }
    }

    private static (Experiment Experiment, Contender Contender)[] Choose(LiveOptions options)
    {
        IReadOnlyList<Experiment> all = options.Quick ? Programme.Quick() : Programme.Full();
        return
        [
            .. all.SelectMany(e => e.Contenders.Select(c => (Experiment: e, Contender: c)))
                .Where(x => options.Only is null || $"{x.Experiment.Work}: {x.Contender.Name}".Contains(options.Only, StringComparison.OrdinalIgnoreCase)),
        ];
    }

    private static async Task<int> PlayAsync(
        (Experiment Experiment, Contender Contender)[] programme, LiveOptions options, string folder, CancellationToken interrupted)
    {
        Cores? cores = Cores.Choose();
        Machine machine = Machine.Describe(cores, TimeProvider.System);
        Console.WriteLine(machine);
        if (cores is null)
        {
            Console.WriteLine("Server and load share their cores: pinning them needs Linux and two cores. Expect void runs and poor figures.");
        }

        // A second and a half for the start of two processes, half a one for their end.
        TimeSpan about = TimeSpan.FromSeconds(programme.Sum(p => p.Experiment.Seconds + 2));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{programme.Length} runs, about {Math.Ceiling(about.TotalMinutes)} minutes; more if some are void."));
        Stage stage = new(folder, cores, TimeProvider.System, Console.WriteLine, interrupted);
        List<Run> runs = [];
        List<LiveRow> rows = [];
        foreach ((Experiment experiment, Contender contender) in programme)
        {
            interrupted.ThrowIfCancellationRequested();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{experiment.Work}: {contender.Name} ({runs.Count + 1} of {programme.Length}, {experiment.Seconds:0} s)"));
            Run run;
            try
            {
                run = await stage.PlayAsync(experiment, contender);
            }
            catch (InvalidOperationException) when (runs.Count > 0)
            {
                // What was measured until then is not to be lost.
                await WriteAsync(new LiveReport(machine, options.Quick, options.Only, runs, rows), options);
                throw;
            }

            runs.Add(run);
            foreach (LiveRow row in LiveRow.From(run))
            {
                rows.Add(row);
                Console.WriteLine($"  {row}");
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  sent late, p99 {run.SendLagP99Ms:0.0} ms; processor of load {run.Load.ProcessorShare:P0}, of server {run.Server?.ProcessorShare:P0}; downstream held {run.Server?.PeakInDownstream} at most and answered {run.Server?.LateP99Ms} ms late, p99"));
        }

        LiveReport report = new(machine, options.Quick, options.Only, runs, rows);
        Console.WriteLine($"\n{report.Summary}");
        await WriteAsync(report, options);
        return rows.All(r => r.Met != false && !r.Void) ? ExitCode.Success : ExitCode.CriteriaNotMet;
    }

    private static async Task WriteAsync(LiveReport report, LiveOptions options)
    {
        if (options.Json is not null)
        {
            await report.WriteJsonAsync(options.Json);
        }

        if (options.Markdown is not null)
        {
            await report.WriteMarkdownAsync(options.Markdown);
        }

        if (options.Plot is not null)
        {
            LiveChart.Save(report, options.Plot);
        }
    }
}
