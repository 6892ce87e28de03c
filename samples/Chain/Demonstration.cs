using System.Globalization;
using System.Runtime.InteropServices;
using Chain.Report;
using Chain.Running;
using FlashSale.Processes;

namespace Chain;

/// <summary>The story: one run without, one with, and the verdict.</summary>
internal static class Demonstration
{
    private const int Seed = 20;

    public static async Task<int> RunAsync(string[] args)
    {
        (Options? options, string? error) = Options.Parse(args);
        if (options is null || options.Help)
        {
            await (options is null ? Console.Error : Console.Out).WriteLineAsync(error is null ? Options.Usage : $"{error}\n\n{Options.Usage}");
            return options is null ? ExitCode.WrongArguments : ExitCode.Success;
        }

        using CancellationTokenSource interrupted = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            return await PlayAsync(new Stage(TimeProvider.System, Console.WriteLine, interrupted.Token), options);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            Console.WriteLine("Stopped.");
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"The demonstration broke off. {exception.Message}");
            return ExitCode.BrokeOff;
        }

        void Interrupt(PosixSignalContext signal)
        {
            signal.Cancel = true;
            interrupted.Cancel();
        }
    }

    private static async Task<int> PlayAsync(Stage stage, Options options)
    {
        long start = TimeProvider.System.GetTimestamp();
        Say($"""
            Clients → Edge → Checkout → Payments, each a process of its own. {Scenario.OfferedPerSecond:N0} requests a second for a Payments that
            can do {Scenario.CapacityPerSecond:N0}; for {Scenario.Slowed.TotalSeconds:N0} s it takes {Scenario.SlowedTimes} times as long and can do {Scenario.SlowedCapacityPerSecond:N0}. Edge and Checkout try each call up to {Scenario.MoreAttempts + 1} times.

            Run 1. Plain HttpClient with Polly's retry and time-out.
            """);
        Run without = await stage.PlayAsync(isProtected: false, Seed);
        Say($"""

            Run 2. The same with UseBackpressure in each service, AddBackpressure on each client, and the retry within its budget.
            """);
        Run with = await stage.PlayAsync(isProtected: true, Seed);

        Console.WriteLine();
        Console.WriteLine(Table.Draw(without, with));
        string chart = Chart.Save(without, with, options.OutputFolder);
        IReadOnlyList<Claim> claims = Verdict.Judge(without, with);
        if (options.JsonFile is not null)
        {
            await JsonReport.WriteAsync(without, with, claims, options.JsonFile);
        }

        foreach (Claim claim in claims)
        {
            Console.WriteLine($"{(claim.Holds ? "✓" : "✗")} {claim.Text}");
        }

        Console.WriteLine();
        Say($"The picture: {chart} (and .svg beside it). It took {TimeProvider.System.GetElapsedTime(start).TotalSeconds:N0} s.");
        return claims.All(c => c.Holds) ? ExitCode.Success : ExitCode.CriteriaNotMet;
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
