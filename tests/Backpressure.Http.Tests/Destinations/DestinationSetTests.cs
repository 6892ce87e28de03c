using System.Diagnostics.Metrics;
using Backpressure.Http.Destinations;
using Backpressure.Http.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Http.Tests.Destinations;

public sealed class DestinationSetTests
{
    [Fact]
    public void Enter_OfANewDestination_ShowsItToOthersOnlyOnceItHasItsGate()
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = new WatchedTime();
        using var client = new OutboundClient(
            "payments", ClientSettings.Of("payments", new BackpressureClientOptions()), new AmbientRequests(time), time, NullLoggerFactory.Instance,
            services.GetRequiredService<IMeterFactory>());
        int looks = 0;
        var tooEarly = new List<string>();

        // The clock is read while a gate is made: what is known by then is what another call would find.
        time.Read = () =>
        {
            looks++;
            tooEarly.AddRange(client.Destinations.All.Select(static destination => destination.Name).Where(name => !client.Shedder.Settings.Policies.ContainsKey(name)));
        };
        Destination entered = client.Destinations.Enter(new Uri("http://payments/pay"));
        time.Read = null;

        Assert.True(looks > 1);
        Assert.Empty(tooEarly);
        Assert.Contains(entered, client.Destinations.All);
        Assert.True(client.Shedder.Settings.Policies.ContainsKey(entered.Name));
    }

    private sealed class WatchedTime : FakeTimeProvider
    {
        public Action? Read { get; set; }

        public override long GetTimestamp()
        {
            Read?.Invoke();
            return base.GetTimestamp();
        }
    }
}
