using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Backpressure;
using Chain.Services;
using FlashSale.Processes;

namespace Chain.Load;

/// <summary>
/// The clients, as a process of their own. They arrive at random (Poisson), whether or not those before them have been served; when
/// each is to be sent is drawn beforehand, and its latency counts from then. They never try again: the retries are the services' own.
/// </summary>
internal sealed class LoadProcess(LoadSettings settings, HttpClient http, TimeProvider time)
{
    public const string Role = "load";

    private const int FirstVisits = 90;

    private readonly ConcurrentBag<RequestRecord> _records = [];
    private readonly TaskCompletionSource _allEnded = new();

    /// <summary>Requests under way, and one for the loop itself.</summary>
    private int _open = 1;
    private long _start;

    /// <summary>Prints when the load starts (Unix milliseconds) and, at its end, what became of every request.</summary>
    public static async Task<int> RunAsync(LoadSettings settings)
    {
        // Nobody would be left to read what it would write.
        ParentWatch.Start(_ => { }, static () => Environment.Exit(ExitCode.Interrupted));
        AskForPrecedence();
        using SocketsHttpHandler handler = new();
        using HttpClient http = new(handler) { BaseAddress = settings.Edge, Timeout = Timeout.InfiniteTimeSpan };
        await new LoadProcess(settings, http, TimeProvider.System).RunAsync();
        return ExitCode.Success;
    }

    /// <summary>Where the system allows it, the clients go before the services: load must not depend on how those fare.</summary>
    private static void AskForPrecedence()
    {
        try
        {
            using Process self = Process.GetCurrentProcess();
            self.PriorityClass = ProcessPriorityClass.AboveNormal;
        }
        catch (Win32Exception)
        {
            // An ordinary user on Linux may not. The send lag, which is measured, tells whether that mattered.
        }
    }

    private async Task RunAsync()
    {
        // One after another: processes that have just started have yet to compile what they run, which is not what this is about.
        for (int i = 0; i < FirstVisits; i++)
        {
            await SendAsync(Scenario.Mix[i % Scenario.Mix.Count].Priority, slowed: false, Scenario.Patience);
        }

        _start = time.GetTimestamp();
        Console.WriteLine(time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));

        // A thread of its own: it must not queue for one behind the very answers that it is independent of.
        Thread sender = new(SendAll) { IsBackground = true, Name = "Open loop", Priority = ThreadPriority.AboveNormal };
        sender.Start();
        await _allEnded.Task;
        Console.WriteLine(JsonSerializer.Serialize(_records));
    }

    private void SendAll()
    {
        Random random = new(settings.Seed);
        using ManualResetEventSlim never = new();
        TimeSpan next = Gap(random);
        while (next < Scenario.End)
        {
            while (next < Scenario.End && next <= time.GetElapsedTime(_start))
            {
                Interlocked.Increment(ref _open);
                _ = VisitAsync(next, PriorityOf(random.NextDouble()));
                next += Gap(random);
            }

            never.Wait(1);
        }

        Ended();
    }

    private async Task VisitAsync(TimeSpan scheduled, Priority priority)
    {
        TimeSpan lag = time.GetElapsedTime(_start) - scheduled;
        int status = await SendAsync(priority, scheduled >= Scenario.SlowFrom && scheduled < Scenario.SlowUntil, Scenario.Patience - lag);
        TimeSpan latency = time.GetElapsedTime(_start) - scheduled;
        _records.Add(new RequestRecord(priority, scheduled.TotalMilliseconds, lag.TotalMilliseconds, latency.TotalMilliseconds, status));
        Ended();
    }

    private async Task<int> SendAsync(Priority priority, bool slowed, TimeSpan patience)
    {
        if (patience <= TimeSpan.Zero)
        {
            return 0;
        }

        using CancellationTokenSource lostInterest = new(patience, time);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri($"/{priority}", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("x-envoy-expected-rq-timeout-ms", patience.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture));
        if (slowed)
        {
            request.Headers.TryAddWithoutValidation(Counters.SlowedHeader, "1");
        }

        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, lostInterest.Token);
            return (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException)
        {
            return 0;
        }
    }

    private void Ended()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _allEnded.TrySetResult();
        }
    }

    private static TimeSpan Gap(Random random) => TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / Scenario.OfferedPerSecond);

    private static Priority PriorityOf(double draw)
    {
        foreach ((Priority priority, double share) in Scenario.Mix)
        {
            draw -= share;
            if (draw < 0)
            {
                return priority;
            }
        }

        return Scenario.Mix[^1].Priority;
    }
}
