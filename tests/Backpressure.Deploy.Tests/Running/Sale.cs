using System.Net;
using Backpressure.Deploy.Tests.Prometheus;
using Backpressure.Redis.Tests;

namespace Backpressure.Deploy.Tests.Running;

/// <summary>FlashSale under five times its capacity, as <c>--serve</c> has it and the container runs it, a Redis for its rate limits, and a Prometheus that scrapes it.</summary>
public sealed class Sale : IAsyncLifetime
{
    private readonly int _port = Tool.FreePort();
    private Tool? _sale;
    private PrometheusServer? _server;
    private RedisServer? _redis;

    internal RedisServer Redis => _redis!;

    public async ValueTask InitializeAsync()
    {
        if (Tool.Find("prometheus") is not { } program || Tool.Find("redis-server") is null)
        {
            return;
        }

        _redis = await RedisServer.StartAsync();
        string folder = Repository.PathOf($"samples/FlashSale/bin/{Tool.Configuration}/net10.0");
        _sale = Tool.Start(Path.Combine(folder, "FlashSale"), ["--serve", "--port", $"{_port}"], folder, new Dictionary<string, string>
        {
            ["Backpressure__Redis__Configuration"] = _redis.Configuration,

            // The machine is busy by design, and this is no test of how busy.
            ["Backpressure__Redis__Timeout"] = "00:00:02",
        });
        using var client = new HttpClient();
        await _sale.EventuallyAsync(() => IsServingAsync(client), "the shop serves");
        _server = await PrometheusServer.StartAsync(program, new Uri($"http://127.0.0.1:{_port}"));
        await _sale.EventuallyAsync(async () => await _server.HasScrapedAsync(5), "five scrapes of the shop");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_sale is not null)
        {
            // Its children end with it. Not SIGINT: who is started in the background of a shell's script never hears it.
            await using Tool sale = _sale;
            await sale.SignalAsync("TERM");
            await sale.ExitAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    internal PrometheusServer Require()
    {
        Tool.Require("prometheus");
        Tool.Require("redis-server");
        return _server!;
    }

    private async Task<bool> IsServingAsync(HttpClient client)
    {
        try
        {
            using HttpResponseMessage response = await client.GetAsync($"http://127.0.0.1:{_port}/health");
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
