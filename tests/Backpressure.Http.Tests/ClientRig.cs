using System.Diagnostics.Metrics;
using Backpressure.Http.Destinations;
using Backpressure.Http.Responses;
using Backpressure.Http.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Http.Tests;

/// <summary>One client over a stubbed destination, in virtual time, with dice that a test loads.</summary>
internal sealed class ClientRig : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public ClientRig(Action<BackpressureClientOptions>? configure = null, bool systemTime = false)
    {
        var options = new BackpressureClientOptions();
        configure?.Invoke(options);
        TimeProvider time = systemTime ? TimeProvider.System : Time;
        Ambient = new AmbientRequests(time);
        Meters = _services.GetRequiredService<IMeterFactory>();
        Client = new OutboundClient("payments", ClientSettings.Of("payments", options), Ambient, time, NullLoggerFactory.Instance, Meters, () => Dice);
        Handler = new BackpressureHandler(Client) { InnerHandler = Stub };
        Http = new HttpMessageInvoker(Handler);
    }

    public FakeTimeProvider Time { get; } = new();

    public IMeterFactory Meters { get; }

    public AmbientRequests Ambient { get; }

    public Stub Stub { get; } = new();

    public OutboundClient Client { get; }

    public BackpressureHandler Handler { get; }

    public HttpMessageInvoker Http { get; }

    /// <summary>What the throttle rolls: 1 never refuses.</summary>
    public double Dice { get; set; } = 1;

    public static void OneAtATime(BackpressureClientOptions options)
    {
        options.Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 };
        options.MaxWait = TimeSpan.FromMinutes(1);
    }

    public Task<HttpResponseMessage> SendAsync(Priority? priority = null, string uri = "http://payments/pay")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri);
        return Http.SendAsync(priority is { } given ? request.WithPriority(given) : request, CancellationToken.None);
    }

    public Task<HttpResponseMessage> SendUntilAsync(CancellationToken leaving) => Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://payments/pay"), leaving);

    /// <summary>Why a call is refused that is made for a chain which has come back to its start, while that one's own call is under way.</summary>
    public async Task<IEnumerable<string>> RefusalOnTheWayBackAsync()
    {
        Task<HttpResponseMessage> outer = SendAsync();
        IEnumerable<string> reasons;
        using (Ambient.BeginInChain(Priority.Normal, null, new CallChain("a-1,b-1", "a-1")))
        {
            // No time passes: had it waited, it would have waited for ever.
            using HttpResponseMessage refused = await SendAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            reasons = [.. refused.Headers.GetValues(LocalRefusal.ReasonHeader)];
        }

        Stub.Finish();
        await outer;
        return reasons;
    }

    public void Dispose()
    {
        Http.Dispose();
        Client.Dispose();
        _services.Dispose();
    }
}
