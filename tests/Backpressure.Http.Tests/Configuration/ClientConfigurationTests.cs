using System.Net;
using Backpressure.Http.Sending;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Backpressure.Http.Tests.Configuration;

public sealed class ClientConfigurationTests
{
    [Fact]
    public async Task WrongOptions_StopTheHostsStart_WithEveryError()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        IConfigurationRoot root = Memory(
            ("Clients:Payments:MaxWait", "500"),
            ("Clients:Payments:ThrottleRatio", "1"),
            ("Clients:Payments:Limit:Algorithm", "Fixed"),
            ("Clients:Payments:Queue:MinShare", "0.5"),
            ("Clients:Payments:Wait", "00:00:01"));
        builder.Services.AddHttpClient("payments").AddBackpressure(root.GetSection("Clients:Payments"));
        using IHost host = builder.Build();

        BackpressureOptionsException error = await Assert.ThrowsAsync<BackpressureOptionsException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(5, error.Errors.Count);
        Assert.Contains(error.Errors, static text => text.StartsWith("Clients:Payments:Wait is not a known key.", StringComparison.Ordinal));
        Assert.Contains("Clients:Payments:ThrottleRatio (1) must be from 1.1 to 100. Choose a number in that range, or leave it out for 2.", error.Errors);
        Assert.Contains(error.Errors, static text => text.StartsWith("Clients:Payments:MaxWait (\"500\") has no unit.", StringComparison.Ordinal));
        Assert.Contains(error.Errors, static text => text.StartsWith("Clients:Payments:Limit:Value is required by Algorithm Fixed.", StringComparison.Ordinal));
        Assert.Contains(error.Errors, static text => text.StartsWith("Clients:Payments:Queue:MinShare (0.5) must be", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Configuration_HasTheLastWord_AndIsFollowed_ButNotWhereItIsWrong()
    {
        var stub = new Stub { Answer = static _ => Stub.Status(HttpStatusCode.OK) };
        IConfigurationRoot root = Memory(("Payments:Limit:Max", "50"));
        var services = new ServiceCollection();
        services.AddHttpClient("payments")
            .ConfigurePrimaryHttpMessageHandler(() => stub)
            .AddBackpressure(root.GetSection("Payments"))
            .AddBackpressure(static options => options.Limit = new LimitOptions { Initial = 10, Max = 20 });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient http = provider.GetRequiredService<IHttpClientFactory>().CreateClient("payments");
        await http.GetAsync("http://payments/", TestContext.Current.CancellationToken);
        OutboundClient client = provider.GetRequiredKeyedService<OutboundClient>("payments");
        Assert.Equal((10, 50), Limit());

        root["Payments:Limit:Max"] = "60";
        root.Reload();
        Assert.Equal((10, 60), Limit());

        root["Payments:Limit:Max"] = "0";
        root.Reload();
        Assert.Equal((10, 60), Limit());

        (int, int) Limit()
        {
            var limit = client.Shedder.Settings.Downstreams["payments http://payments:80"].Limit;
            return (limit.Initial, limit.Max);
        }
    }

    [Fact]
    public void ASecondCall_AddsNoSecondHandler()
    {
        var services = new ServiceCollection();
        services.AddHttpClient("payments").AddBackpressure().AddBackpressure();
        using ServiceProvider provider = services.BuildServiceProvider();
        HttpMessageHandler? handler = provider.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler("payments");
        int ours = 0;
        for (; handler is DelegatingHandler outer; handler = outer.InnerHandler)
        {
            ours += outer is BackpressureHandler ? 1 : 0;
        }

        Assert.Equal(1, ours);
        Assert.Single(provider.GetServices<ICapacitySignal>());
    }

    [Fact]
    public async Task ModeOff_SendsAsIfItWereNotThere()
    {
        using var rig = new ClientRig(static options => options.Mode = BackpressureMode.Off);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable, retryAfterSeconds: 5);
        await rig.SendAsync();
        await rig.SendAsync();

        Assert.Equal(2, rig.Stub.Sent.Count);
        Assert.Equal(["payments others"], rig.Client.Destinations.All.Select(static destination => destination.Name));
    }

    private static IConfigurationRoot Memory(params (string Key, string Value)[] pairs) => new ConfigurationBuilder()
        .AddInMemoryCollection(pairs.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();
}
