using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests.Prometheus;

/// <summary>The overloaded application and a Prometheus that has scraped it for a while, with the committed rules and a quick copy of them.</summary>
public sealed class Observed : IAsyncLifetime
{
    private EmittingApp? _app;
    private PrometheusServer? _server;

    public async ValueTask InitializeAsync()
    {
        if (Tool.Find("prometheus") is not { } program || Tool.Find("redis-server") is null)
        {
            return;
        }

        _app = await EmittingApp.StartAsync();
        _app.Load();
        _server = await PrometheusServer.StartAsync(program, _app.Address);
        await _server.ScrapedAsync(2);
        _app.EmptyPool();
        await _server.ScrapedAsync(5);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    internal PrometheusServer Require()
    {
        Tool.Require("prometheus");
        Tool.Require("redis-server");
        return _server!;
    }
}
