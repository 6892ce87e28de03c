using Backpressure.Http.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Http.Tests.Sockets;

/// <summary>A client as an application has it, over real sockets; for the handler no time passes but what a test lets pass.</summary>
internal sealed class Caller : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public Caller(Uri address, Action<BackpressureClientOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddHttpClient("payments", client => client.BaseAddress = address)
            .AddBackpressure(options =>
            {
                options.Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 100 };
                configure?.Invoke(options);
            });
        _services = services.BuildServiceProvider();
        Http = _services.GetRequiredService<IHttpClientFactory>().CreateClient("payments");
    }

    public FakeTimeProvider Time { get; } = new();

    public HttpClient Http { get; }

    public OutboundClient Client => _services.GetRequiredKeyedService<OutboundClient>("payments");

    public AmbientRequests Ambient => _services.GetRequiredService<AmbientRequests>();

    /// <summary>Calls that wait for a credit.</summary>
    public int Waiting => Client.Destinations.All.Sum(static destination => destination.Credits.Waiting);

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return _services.DisposeAsync();
    }
}
