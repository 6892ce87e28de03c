using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace Backpressure.Http.Tests.Sending;

public sealed class HandlerOrderTests
{
    [Fact]
    public async Task AfterAResilienceHandler_IsWarnedOfOnce() =>
        Assert.Equal(
            ["Client 'payments' calls AddBackpressure() after the method that adds ResilienceHandler, so each attempt asks the gate anew, and what is refused here is retried and counts against a circuit. Call AddBackpressure() first"],
            await WarningsAsync(static client =>
            {
                client.AddStandardResilienceHandler();
                client.AddBackpressure();
            }));

    [Fact]
    public async Task BeforeAResilienceHandler_IsRight() =>
        Assert.Empty(await WarningsAsync(static client =>
        {
            client.AddHttpMessageHandler(static () => new Harmless());
            client.AddBackpressure();
            client.AddStandardResilienceHandler();
        }));

    private static async Task<string[]> WarningsAsync(Action<IHttpClientBuilder> add)
    {
        var services = new ServiceCollection();
        services.AddFakeLogging();
        add(services.AddHttpClient("payments"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        IHttpMessageHandlerFactory factory = provider.GetRequiredService<IHttpMessageHandlerFactory>();
        factory.CreateHandler("payments").Dispose();

        // As when its handlers are two minutes old.
        HttpClientFactoryOptions options = provider.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get("payments");
        HttpMessageHandlerBuilder again = provider.GetRequiredService<HttpMessageHandlerBuilder>();
        again.Name = "payments";
        foreach (Action<HttpMessageHandlerBuilder> action in options.HttpMessageHandlerBuilderActions)
        {
            action(again);
        }

        return [.. provider.GetFakeLogCollector().GetSnapshot().Where(static record => record.Level == LogLevel.Warning).Select(static record => record.Message)];
    }

    private sealed class Harmless : DelegatingHandler;
}
