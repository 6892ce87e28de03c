using System.Net;
using System.Text.Json;
using Backpressure;
using FlashSale.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chain.Services;

/// <summary>One of the three services, as a process of its own: an ordinary ASP.NET Core app.</summary>
internal static class ServiceProcess
{
    public const string Role = "service";

    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync(ServiceSettings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile($"{settings.Name.ToString().ToLowerInvariant()}.json");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Logging.SetMinimumLevel(LogLevel.Critical).AddFilter("Backpressure", LogLevel.Warning);
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<PaymentWork>();
        if (settings.Protected)
        {
            builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        }

        switch (settings.Name)
        {
            case ServiceName.Edge:
                builder.AddNextService(settings, "checkout", Scenario.EdgeAttempt);
                break;
            case ServiceName.Checkout:
                builder.AddNextService(settings, "payments", Scenario.CheckoutAttempt);
                break;
        }

        await using WebApplication app = builder.Build();
        using Counters counters = new();
        app.Use((context, next) =>
        {
            counters.CountArrival(context);
            return next(context);
        });
        app.UseRouting();
        if (settings.Protected)
        {
            app.UseBackpressure();
        }

        app.Use((context, next) =>
        {
            counters.CountTaken(context);
            return next(context);
        });
        Map(app, settings.Name);

        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        ParentWatch.Start(app.Services.GetRequiredService<PaymentWork>().Told, app.Lifetime.StopApplication);
        using PeriodicTimer timer = new(ReadEvery, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(app.Lifetime.ApplicationStopping))
            {
                Console.WriteLine(JsonSerializer.Serialize(counters.Read(TimeProvider.System)));
            }
        }
        catch (OperationCanceledException)
        {
            // The parent wants it to stop.
        }

        await app.WaitForShutdownAsync();
        return ExitCode.Success;
    }

    private static void Map(WebApplication app, ServiceName name)
    {
        switch (name)
        {
            case ServiceName.Edge:
                foreach ((Priority priority, _) in Scenario.Mix)
                {
                    app.MapGet($"/{priority}", static context => NextService.CallAsync(context, "checkout", "/checkout")).WithPriority(priority);
                }

                break;
            case ServiceName.Checkout:
                app.MapGet("/checkout", static context => NextService.CallAsync(context, "payments", "/payments"));
                break;
            default:
                app.MapGet("/payments", static (HttpContext context) => context.RequestServices.GetRequiredService<PaymentWork>().PayAsync());
                break;
        }
    }
}
