using System.Globalization;
using System.Runtime.InteropServices;
using FlashSale.Acts;
using FlashSale.Processes;
using FlashSale.Report;
using FlashSale.Shop;

namespace FlashSale;

/// <summary>The story, from the first measurement to the verdict.</summary>
internal static class Demonstration
{
    private static readonly TimeSpan LevelLength = TimeSpan.FromSeconds(1.25);
    private static readonly Act Backpressured = new("4 UseBackpressure: block and shed", Protection.Backpressure);

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
            using DatabaseFolder folder = new(TimeProvider.System);
            Stage stage = new(folder.FullName, TimeProvider.System, Console.WriteLine, interrupted.Token);
            AnnounceShop(folder);
            return options.Serve ? await ServeAsync(stage, options.Port) : await PlayAsync(stage, options);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            Console.WriteLine("Stopped.");
            return options.Serve ? ExitCode.Success : ExitCode.Interrupted;
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
        Capacity capacity = await MeasureAsync(stage);

        Announce("Act 1. The naive way: answer 202 at once, queue the work in memory without a bound.");
        ActResult naive = await stage.PlayAsync(new Act("1 Unbounded queue", Protection.UnboundedQueue), capacity);

        Announce("Act 2. The framework's concurrency limiter. Which QueueLimit suits it best?");
        ActResult limiter = await stage.PlayAsync(await BestLimiterAsync(stage, capacity), capacity);

        Announce("Act 3. UseBackpressure, everything on Reject: no waiting, no choosing.");
        ActResult reject = await stage.PlayAsync(new Act("3 UseBackpressure: reject", Protection.BackpressureReject), capacity);

        Announce("Act 4. UseBackpressure as configured: checkouts wait and are never dropped, the rest is shed by priority.");
        ActResult backpressure = await stage.PlayAsync(Backpressured, capacity);

        Announce("For reference: act 4's app with its checkouts and nobody else.");
        Act alone = Backpressured with { Name = "Reference: checkouts alone", CheckoutsOnly = true, WarmUp = TimeSpan.FromSeconds(1.5), Length = TimeSpan.FromSeconds(6.5) };
        ActResult reference = await stage.PlayAsync(alone, capacity);

        Playbill playbill = new(capacity, naive, limiter, reject, backpressure, reference);
        Console.WriteLine();
        Console.WriteLine(Table.Draw(playbill));
        string chart = Chart.Save(ChartData.From(playbill), options.OutputFolder);
        if (options.JsonFile is not null)
        {
            await JsonReport.WriteAsync(playbill, options.JsonFile);
        }

        IReadOnlyList<Claim> claims = Verdict.Judge(playbill);
        foreach (Claim claim in claims)
        {
            Console.WriteLine($"{(claim.Holds ? "✓" : "✗")} {claim.Text}");
        }

        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The picture: {chart} (and .svg beside it). It took {TimeProvider.System.GetElapsedTime(start).TotalSeconds:N0} s."));
        return claims.All(c => c.Holds) ? ExitCode.Success : ExitCode.CriteriaNotMet;
    }

    private static async Task<int> ServeAsync(Stage stage, int port)
    {
        Capacity capacity = await MeasureAsync(stage);
        await stage.ServeAsync(Backpressured, capacity, port, (address, checksPerSecond) => Announce(
            $"""
            Act 4 runs until Ctrl+C. Unlike in the acts, others stand behind the shop:
              an order log        in Kafka, which picking reads; its broker is a mock inside the shop, or what OrderLog__BootstrapServers names
              a payment provider  checks {checksPerSecond} orders a second for fraud before they are picked; the others are not sent to it
            Look at
              {new Uri(address, "/backpressure")} who is shed, why, since when, and what to do: open it in a browser
              {new Uri(address, "/metrics")}     what Prometheus scrapes; backpressure_* is the middleware's
              {new Uri(address, "/products/1")}  get a product, or a 503 that says when to come back: curl -i
              {new Uri(address, "/offers")}      only observed: its rate limit says whom it would refuse, and refuses nobody
              {new Uri(address, "/health")}      exempt: answers whatever the load
            """));
        return ExitCode.Success;
    }

    private static void AnnounceShop(DatabaseFolder folder) => Announce(
        $"""
        A shop with a database behind a pool of {Scenario.PoolSize} connections. SQLite stands in for it: real statements, real
        transactions ({folder.Description}).
        Because a local file answers faster than a database on a network, each call holds its connection for a declared
        round trip, on average: checkout {Scenario.Checkout.RoundTripMs}, product {Scenario.Product.RoundTripMs}, recommendation {Scenario.Recommendation.RoundTripMs}, analytics {Scenario.Analytics.RoundTripMs} ms.

        How much can it do?
        """);

    private static async Task<Capacity> MeasureAsync(Stage stage)
    {
        Capacity capacity = await stage.MeasureCapacityAsync(warmUp: TimeSpan.FromSeconds(1), LevelLength);
        Say($"  {capacity.RequestsPerSecond:N0} requests a second, reached with {capacity.BestConcurrency} in flight. The sale brings {capacity.OfferedPerSecond:N0}.");
        Say($"  ({string.Join("; ", Capacity.Levels.Zip(capacity.RateByLevel, (level, rate) => string.Create(CultureInfo.InvariantCulture, $"{level} in flight: {rate:N0}")))})");
        Say($"  Checkouts alone ask for {capacity.CriticalShareOfPool:P0} of the pool: all of them can be served, if the shop chooses well.");
        return capacity;
    }

    /// <summary>The fairest opponent: the measured optimum as its limit, and of three queues the one that serves most, the
    /// shortest if there is little between them (0.02), since a longer one only adds waiting.</summary>
    private static async Task<Act> BestLimiterAsync(Stage stage, Capacity capacity)
    {
        Act? best = null;
        double mostGoodput = -1;
        foreach (int times in (int[])[0, 1, 4])
        {
            int permits = capacity.BestConcurrency;
            Act act = new($"2 UseRateLimiter {permits} + {times * permits}", Protection.ConcurrencyLimiter) { PermitLimit = permits, QueueLimit = times * permits };
            Act trial = act with { WarmUp = TimeSpan.FromSeconds(0.75), Length = TimeSpan.FromSeconds(1.5) };
            ActResult result = await stage.PlayAsync(trial, capacity, quietly: true);
            Say($"  PermitLimit {permits}, QueueLimit {act.QueueLimit,2}: goodput {result.Goodput:N2}");
            if (result.Goodput > mostGoodput + 0.02)
            {
                (best, mostGoodput) = (act, result.Goodput);
            }
        }

        return best!;
    }

    private static void Announce(string text) => Console.WriteLine($"\n{text}");

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
