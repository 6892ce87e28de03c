using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Chain.Load;
using Chain.Services;
using FlashSale.Processes;

namespace Chain.Running;

/// <summary>Plays a run: starts the services and the load as processes, slows Payments, ends them, and reads what they said.</summary>
internal sealed class Stage(TimeProvider time, Action<string> say, CancellationToken interrupted)
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(20);

    // It visits first, one after another: five seconds by themselves, many more on a machine that is too busy. That it was, the send lag says.
    private static readonly TimeSpan LongestFirstVisits = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);

    public async Task<Run> PlayAsync(bool isProtected, int seed)
    {
        await using ChildProcess payments = Start(new ServiceSettings(ServiceName.Payments, isProtected));
        await using ChildProcess checkout = Start(new ServiceSettings(ServiceName.Checkout, isProtected, await AddressAsync(payments, ServiceName.Payments)));
        await using ChildProcess edge = Start(new ServiceSettings(ServiceName.Edge, isProtected, await AddressAsync(checkout, ServiceName.Checkout)));
        Uri address = await AddressAsync(edge, ServiceName.Edge);
        Task<List<Reading>>[] readings = [ReadAsync(edge), ReadAsync(checkout), ReadAsync(payments)];
        await using ChildProcess load = ChildProcess.Start(LoadProcess.Role, new LoadSettings(address, seed));
        long startedAtMs = long.Parse(await LineAsync(load, "The load", LongestStart + LongestFirstVisits), CultureInfo.InvariantCulture);

        await UntilAsync(startedAtMs, Scenario.SlowFrom);
        payments.Tell(PaymentWork.Slow);
        say($"  {Scenario.SlowFrom.TotalSeconds,3:0} s: Payments takes {Scenario.SlowedTimes} times as long");
        await UntilAsync(startedAtMs, Scenario.SlowUntil);
        payments.Tell(PaymentWork.Normal);
        say($"  {Scenario.SlowUntil.TotalSeconds,3:0} s: Payments is as it was");
        string records = await LineAsync(load, "The load", Scenario.After + LongestDrain);
        say($"  {Scenario.End.TotalSeconds,3:0} s: the end");

        // Every client has its answer or has left; now the services may go, the first of the chain first.
        await edge.StopAsync();
        await checkout.StopAsync();
        await payments.StopAsync();
        Run run = new(
            isProtected, startedAtMs, JsonSerializer.Deserialize<List<RequestRecord>>(records)!,
            await readings[0], await readings[1], await readings[2]);
        foreach ((ChildProcess service, ServiceName name) in ((ChildProcess, ServiceName)[])[(edge, ServiceName.Edge), (checkout, ServiceName.Checkout), (payments, ServiceName.Payments)])
        {
            if (await service.Exited != ExitCode.Success)
            {
                throw new InvalidOperationException($"{name} ended with {await service.Exited}. It said: {service.Errors}");
            }
        }

        return run;
    }

    private static ChildProcess Start(ServiceSettings settings) => ChildProcess.Start(ServiceProcess.Role, settings);

    private async Task<Uri> AddressAsync(ChildProcess service, ServiceName name) => new(await LineAsync(service, name.ToString(), LongestStart));

    private async Task<string> LineAsync(ChildProcess process, string name, TimeSpan longest)
    {
        try
        {
            return await process.Output.ReadAsync(interrupted).AsTask().WaitAsync(longest, time, interrupted);
        }
        catch (Exception exception) when (exception is ChannelClosedException or TimeoutException)
        {
            throw new InvalidOperationException($"{name} did not answer within {longest.TotalSeconds} s. It said: {process.Errors}", exception);
        }
    }

    private static async Task<List<Reading>> ReadAsync(ChildProcess service)
    {
        List<Reading> readings = [];
        await foreach (string line in service.Output.ReadAllAsync(CancellationToken.None))
        {
            readings.Add(JsonSerializer.Deserialize<Reading>(line)!);
        }

        return readings;
    }

    private Task UntilAsync(long startedAtMs, TimeSpan offset)
    {
        TimeSpan wait = DateTimeOffset.FromUnixTimeMilliseconds(startedAtMs) + offset - time.GetUtcNow();
        return Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, interrupted);
    }
}
