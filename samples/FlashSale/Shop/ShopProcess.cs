using System.Diagnostics.Metrics;
using System.Net;
using FlashSale.Dependencies;
using FlashSale.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace FlashSale.Shop;

/// <summary>The shop as a process of its own: an ordinary ASP.NET Core app.</summary>
internal static class ShopProcess
{
    public static async Task<int> RunAsync(ShopSettings settings)
    {
        // As production apps are commonly run: out of memory means restart, not carry on with whatever happened to fail.
        AppDomain.CurrentDomain.FirstChanceException += static (_, first) =>
        {
            if (first.Exception is OutOfMemoryException)
            {
                Environment.FailFast("Out of memory.", first.Exception);
            }
        };

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Where appsettings.json is, whatever folder the demonstration was started in.
            ContentRootPath = AppContext.BaseDirectory,

            // A demonstration on one's own machine: what is only for Development, such as the page, is open.
            EnvironmentName = settings.Served is not null ? Environments.Development : Environments.Production,
        });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, settings.Served?.Port ?? 0));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(8));
        builder.Logging.SetMinimumLevel(LogLevel.Critical).AddFilter("Backpressure", LogLevel.Information);
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new ConnectionPool(settings.Folder, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<IMeterFactory>()));
        builder.Services.AddSingleton<UnboundedQueue>();
        builder.AddProtection(settings);
        using MockBrokers? brokers = settings.Served is null ? null : builder.AddDependencies(settings.Served);
        AddTelemetry(builder);

        await using WebApplication app = builder.Build();
        _ = app.Services.GetRequiredService<ConnectionPool>();
        app.UseRouting();
        app.UseProtection(settings);
        app.MapReads();
        app.MapOperations();
        if (settings.Protection is Protection.Backpressure or Protection.BackpressureReject)
        {
            app.MapBackpressureDashboard("/backpressure");
        }

        if (settings.Protection == Protection.UnboundedQueue)
        {
            app.MapQueuedWrites();
        }
        else
        {
            app.MapAnalytics();
            if (settings.Served is null)
            {
                app.MapCheckout();
            }
            else
            {
                app.MapServedCheckout();
            }
        }

        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Console.WriteLine(address);
        ParentWatch.Start(_ => { }, app.Lifetime.StopApplication);

        if (settings.Protection == Protection.UnboundedQueue)
        {
            // Awaited here, so that a failure of the queue's workers ends the app as any unhandled exception does.
            await app.Services.GetRequiredService<UnboundedQueue>().RunAsync(app.Lifetime.ApplicationStopping);
        }

        await app.WaitForShutdownAsync();
        return 0;
    }

    private static void AddTelemetry(WebApplicationBuilder builder)
    {
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("Backpressure", "Backpressure.Kafka", ConnectionPool.Meter, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddPrometheusExporter());
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
        {
            telemetry.UseOtlpExporter();
        }
    }
}
