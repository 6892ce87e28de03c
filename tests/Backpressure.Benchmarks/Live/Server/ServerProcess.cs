using System.Globalization;
using System.Net;
using System.Text.Json;
using FlashSale.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Benchmarks.Live;

/// <summary>Kestrel, one guard and one downstream, as a process of its own.</summary>
internal static class ServerProcess
{
    private static readonly byte[] Body = "ok"u8.ToArray();

    /// <summary>How many requests at most compute at once, where they do.</summary>
    public const int MostComputing = 4;

    public static async Task<int> RunAsync(ServerSettings settings)
    {
        TimeProvider time = TimeProvider.System;
        if (settings.Plant.Computes)
        {
            // More than compute at once, so that arrivals come to the gate meanwhile: as System.Threading.ThreadPool.MinThreads does.
            ThreadPool.SetMinThreads(2 * MostComputing, 2 * MostComputing);
        }

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Not the caller's folder: an appsettings.json there is none of this server's business.
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = settings.Contender.Page ? Environments.Development : Environments.Production,
        });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddGuard(settings);

        await using WebApplication app = builder.Build();
        Downstream downstream = new(settings.Plant, settings.Changes, settings.Seed, time);
        Processor? processor = settings.Plant.Computes ? Processor.Calibrate(time) : null;
        app.UseRouting();
        app.UseGuard(settings);
        foreach (Route route in settings.Routes)
        {
            RequestDelegate serve = processor is null
                ? context => ServeAsync(context, downstream, route)
                : context => ComputeAsync(context, processor, route);
            app.MapGet(route.Path, serve).Guarded(settings, route);
        }

        if (settings.Contender.Page)
        {
            app.MapBackpressureDashboard(Pages.Path);
        }

        await app.StartAsync();
        ProcessorUse use = new(time);
        PhaseUse phases = new(settings.PhaseSeconds, time);
        ParentWatch.Start(
            line =>
            {
                if (Signals.IsStart(line, out long timestamp))
                {
                    use.Restart();
                    phases.Start();
                    downstream.Start(timestamp);
                }
            },
            () =>
            {
                Console.WriteLine(JsonSerializer.Serialize(new ServerReport(downstream.LateP99Ms, downstream.PeakInIt, use.Share(), phases.Shares())));

                // At once: without a guard, thousands may still be waiting for what nobody wants any more.
                Environment.Exit(ExitCode.Success);
            });
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Console.WriteLine(new Uri(address).Port.ToString(CultureInfo.InvariantCulture));
        await app.WaitForShutdownAsync();
        return ExitCode.Success;
    }

    private static async Task ComputeAsync(HttpContext context, Processor processor, Route route)
    {
        processor.Compute(route.FixedMs);
        context.Response.ContentLength = Body.Length;
        await context.Response.Body.WriteAsync(Body);
    }

    private static async Task ServeAsync(HttpContext context, Downstream downstream, Route route)
    {
        await downstream.UseAsync(route);
        context.Response.ContentLength = Body.Length;
        await context.Response.Body.WriteAsync(Body);
    }
}
