using System.Net.Http.Json;
using FlashSale.Dependencies;
using FlashSale.Load;
using FlashSale.Processes;
using FlashSale.Shop;

namespace FlashSale.Acts;

/// <summary>Plays acts: starts the app and its load as processes, watches both, ends them, and reads the books.</summary>
internal sealed class Stage(string folder, TimeProvider time, Action<string> say, CancellationToken interrupted)
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(15);

    private int _played;

    /// <summary>Measures what the unprotected shop can do, with as many callers at a time as <see cref="Capacity.Levels"/> says.</summary>
    public async Task<Capacity> MeasureCapacityAsync(TimeSpan warmUp, TimeSpan levelLength)
    {
        string scene = NewScene();
        await using ChildProcess shop = StartShop(new ShopSettings(scene, Protection.None));
        Uri address = await AddressAsync(shop, "shop");
        LoadSettings settings = new(address, Path.Combine(scene, "load.log"), warmUp, levelLength, Workers: Capacity.Levels);
        await using ChildProcess load = ChildProcess.Start("load", settings);
        await FinishedAsync(load, warmUp + (Capacity.Levels.Length * levelLength) + LongestDrain);

        using HttpClient http = new() { BaseAddress = address, Timeout = LongestStart };
        PoolUseReading[] use = await http.GetFromJsonAsync<PoolUseReading[]>("/pool", interrupted) ?? [];
        return Capacity.From(RequestLog.Read(settings.LogFile!), levelLength, use);
    }

    public async Task<ActResult> PlayAsync(Act act, Capacity capacity, bool quietly = false)
    {
        string scene = NewScene();
        await using ChildProcess shop = StartShop(new ShopSettings(scene, act.Protection, act.PermitLimit, act.QueueLimit));
        Uri address = await AddressAsync(shop, "shop");
        await using MemoryWatch memory = new(shop, time);
        double share = act.CheckoutsOnly ? Scenario.Checkout.Share : 1;
        LoadSettings settings = new(
            address, Path.Combine(scene, "load.log"), act.WarmUp, act.Length, capacity.OfferedPerSecond * share, CheckoutsOnly: act.CheckoutsOnly);
        await using ChildProcess load = ChildProcess.Start("load", settings);
        Task<DateTimeOffset?> crash = WatchForCrashAsync(shop, load);
        Task reports = ReportAsync(load, shop, quietly);
        await FinishedAsync(load, act.WarmUp + act.Length + LongestDrain);
        await reports;

        // Only now, when every client has its answer or has left, is the shop asked to stop.
        MemorySample[] samples = memory.Samples;
        DateTimeOffset? crashedAt = crash.IsCompleted ? await crash : null;
        int exitCode = await shop.StopAsync();
        RequestLog log = RequestLog.Read(settings.LogFile!);
        return new ActResult(act, capacity, log, samples, new Books(scene, log.Records), new ShopEnd(exitCode, crashedAt, shop.Errors));
    }

    /// <summary>Keeps an act going until interrupted.</summary>
    /// <param name="act">Which.</param>
    /// <param name="capacity">As it was measured.</param>
    /// <param name="port">Where the shop listens; 0: at a free port.</param>
    /// <param name="serving">Told where it listens, and how many fraud checks a second its payment provider does.</param>
    public async Task ServeAsync(Act act, Capacity capacity, int port, Action<Uri, int> serving)
    {
        string scene = NewScene();
        int checksPerSecond = Math.Max(1, (int)(Scenario.CheckedShareOfCheckouts * Scenario.Checkout.Share * capacity.OfferedPerSecond));
        await using ChildProcess payments = ChildProcess.Start(PaymentsProcess.Role, new PaymentsSettings(checksPerSecond), Scenario.HeapLimitBytes);
        ServedSettings served = new(port, await AddressAsync(payments, "payment provider"));
        await using ChildProcess shop = StartShop(new ShopSettings(scene, act.Protection, Served: served), line => say($"  {line}"));
        Uri address = await AddressAsync(shop, "shop");
        serving(address, checksPerSecond);
        LoadSettings settings = new(address, LogFile: null, Scenario.WarmUp, TimeSpan.FromDays(365), capacity.OfferedPerSecond, Crawled: true);
        await using ChildProcess load = ChildProcess.Start("load", settings);
        Task reports = ReportAsync(load, shop, quietly: false);
        await Task.WhenAny(shop.Exited, load.Exited, payments.Exited).WaitAsync(interrupted);
        await reports;
        throw new InvalidOperationException($"A process ended that should have gone on. Shop: {shop.Errors} Load: {load.Errors} Payment provider: {payments.Errors}");
    }

    private static ChildProcess StartShop(ShopSettings settings, Action<string>? onError = null)
        => ChildProcess.Start("shop", settings, Scenario.HeapLimitBytes, onError);

    private string NewScene()
    {
        _played++;
        return Directory.CreateDirectory(Path.Combine(folder, $"{_played}")).FullName;
    }

    private async Task<Uri> AddressAsync(ChildProcess app, string name)
    {
        try
        {
            return new Uri(await app.Output.ReadAsync(interrupted).AsTask().WaitAsync(LongestStart, time, interrupted));
        }
        catch (Exception exception) when (exception is System.Threading.Channels.ChannelClosedException or TimeoutException)
        {
            throw new InvalidOperationException($"The {name} did not start within {LongestStart.TotalSeconds} s. It said: {app.Errors}", exception);
        }
    }

    private async Task FinishedAsync(ChildProcess load, TimeSpan longest)
    {
        int exitCode;
        try
        {
            exitCode = await load.Exited.WaitAsync(longest, time, interrupted);
        }
        catch (TimeoutException exception)
        {
            throw new InvalidOperationException(
                $"The load generator was not done within {longest.TotalSeconds:N0} s: this machine is too busy for it. Close what else runs and try again.", exception);
        }

        if (exitCode != ExitCode.Success)
        {
            throw new InvalidOperationException($"The load generator ended with {exitCode}. It said: {load.Errors}");
        }
    }

    private async Task<DateTimeOffset?> WatchForCrashAsync(ChildProcess shop, ChildProcess load)
    {
        int exitCode = await shop.Exited;
        DateTimeOffset at = time.GetUtcNow();
        if (load.Exited.IsCompleted)
        {
            return null;
        }

        load.Tell(LoadProcess.ShopHasDied);
        say($"  The shop's process has ended by itself, exit code {exitCode}: {LastWords(shop.Errors)}");
        return at;
    }

    private async Task ReportAsync(ChildProcess load, ChildProcess shop, bool quietly)
    {
        await foreach (string line in load.Output.ReadAllAsync(interrupted))
        {
            if (!quietly)
            {
                say($"  {line}   {shop.WorkingSet() / (1024 * 1024),4} MiB");
            }
        }
    }

    private static string LastWords(string errors)
    {
        string[] lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.FirstOrDefault(l => l.Contains("memory", StringComparison.OrdinalIgnoreCase)) ?? lines.FirstOrDefault() ?? "it said nothing";
    }
}
