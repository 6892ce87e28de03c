using System.Net;
using Backpressure;
using FlashSale.Processes;
using FlashSale.Shop;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlashSale.Dependencies;

/// <summary>
/// The payment provider, somebody else's service and so a process of its own. It checks orders for fraud, as many a second as its
/// contract says; beyond that it answers 429 with <c>Retry-After</c>.
/// </summary>
internal static class PaymentsProcess
{
    /// <summary>The first argument of such a process.</summary>
    public const string Role = "payments";

    private const string Contract = "Contract";

    /// <summary>One order in so many is suspicious.</summary>
    private const int SuspiciousOneIn = 50;

    private static readonly TimeSpan CheckTime = TimeSpan.FromMilliseconds(5);

    public static async Task<int> RunAsync(PaymentsSettings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Services.AddBackpressure(options =>
        {
            // A second's worth is saved up: who was told to wait for one finds it.
            options.RateLimits[Contract] = new RateLimitOptions
            {
                PartitionBy = "None",
                TokenLimit = 2 * settings.ChecksPerSecond,
                TokensPerPeriod = settings.ChecksPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            };
            options.Policies["Default"] = new PolicyOptions { RateLimit = Contract };
        });

        await using WebApplication app = builder.Build();
        app.UseBackpressure();
        RoundTrip checks = new(CheckTime);
        app.MapPost("/checks", async (Order order, CancellationToken clientGone) =>
        {
            await Task.Delay(checks.Next(), TimeProvider.System, clientGone);
            return TypedResults.Ok(new FraudVerdict(Clear: (uint)order.Id.GetHashCode() % SuspiciousOneIn != 0));
        });
        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        ParentWatch.Start(_ => { }, app.Lifetime.StopApplication);
        await app.WaitForShutdownAsync();
        return ExitCode.Success;
    }
}
