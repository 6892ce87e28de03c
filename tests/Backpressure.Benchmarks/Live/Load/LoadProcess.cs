using System.Net;
using System.Text;
using System.Text.Json;
using FlashSale.Processes;

namespace Backpressure.Benchmarks.Live;

/// <summary>The load generator as a process of its own.</summary>
internal static class LoadProcess
{
    private const int FirstVisitors = 8;

    private static readonly TimeSpan FirstVisits = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(LoadSettings settings)
    {
        // Answers are read on the thread that learns of them: with one core, another thread only costs the switch.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        TimeProvider time = TimeProvider.System;
        TaskCompletionSource<long> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ParentWatch.Start(
            line =>
            {
                if (Signals.IsStart(line, out long timestamp))
                {
                    started.TrySetResult(timestamp);
                }
            },
            () => Environment.Exit(ExitCode.Interrupted));
        ReadOnlyMemory<byte>[] requests = [.. settings.Paths.Select(path => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost:{settings.Port}\r\n\r\n"))];
        using Wires wires = new(new IPEndPoint(IPAddress.Loopback, settings.Port));
        ClosedLoop callers = new(wires, requests, time);

        // A process that has just started has yet to compile what it runs, and that is not what is to be measured.
        await callers.RunAsync(FirstVisitors, FirstVisits, TimeSpan.Zero);
        Console.WriteLine(Signals.Ready);
        long start = await started.Task;
        ProcessorUse use = new(time);
        LoadReport report;
        if (settings.ClosedLoop is { } closed)
        {
            int answers = await callers.RunAsync(closed.Callers, TimeSpan.FromSeconds(closed.WarmUpSeconds), TimeSpan.FromSeconds(closed.Seconds));
            report = new LoadReport(use.Share(), answers, answers / closed.Seconds);
            AttemptRecord.WriteAll(settings.LogFile, []);
        }
        else
        {
            OpenLoop loop = new(wires, settings, requests, time);
            using Watchers watchers = new(new Uri($"http://localhost:{settings.Port}{Pages.Path}/events"));
            Task watching = Task.WhenAll(settings.Watching.Select(wanted => watchers.OpenAsync(wanted, start, time)));

            // A thread of its own: it must not queue for one behind the very answers that it is independent of.
            await Task.Factory.StartNew(() => loop.Run(start), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            report = new LoadReport(use.Share(), loop.Attempts, 0);
            if (watching.IsFaulted || watchers.Events < settings.Watching.Sum(w => w.Pages))
            {
                throw new InvalidOperationException($"{settings.Watching.Sum(w => w.Pages)} pages should have been open, and were sent {watchers.Events} events. {watching.Exception?.GetBaseException().Message}");
            }

            AttemptRecord.WriteAll(settings.LogFile, loop.Records);
        }

        Console.WriteLine(JsonSerializer.Serialize(report));
        return ExitCode.Success;
    }
}
