using System.Diagnostics.Metrics;
using Backpressure;
using Backpressure.AspNetCore;
using Backpressure.AspNetCore.Dashboard;
using Backpressure.AspNetCore.Hosting;
using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers <see cref="LoadShedder"/> and what <c>UseBackpressure</c> needs.</summary>
/// <remarks>
/// May be called any number of times; the calls add up: first all code in the order of the calls, then all configuration
/// on top. A wrong configuration stops the host's start with a <see cref="BackpressureOptionsException"/> that lists
/// every error.
/// </remarks>
public static class BackpressureServiceCollectionExtensions
{
    /// <summary>Adds backpressure with the defaults, which enforce: an adaptive limit, waiting for at most 500 ms, then 503.</summary>
    /// <param name="services">Where to add it.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    public static IServiceCollection AddBackpressure(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions();
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(static provider => new SettingsSource(
            provider.GetServices<OptionsStep>(), provider.GetServices<KnownSignal>(), provider.GetService<ParameterPolicyFactory>(), provider.GetService<FleetStoreSection>()));
        services.TryAddSingleton(static provider => new LoadShedder(
            provider.GetRequiredService<SettingsSource>().Read(),
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>(),
            provider.GetServices<ICapacitySignal>(),
            provider.GetService<IFleetStore>()));

        services.TryAddSingleton(static provider =>
        {
            SettingsSource source = provider.GetRequiredService<SettingsSource>();
            LoadShedder shedder = provider.GetRequiredService<LoadShedder>();
            return new DashboardFeed(
                shedder,
                provider.GetService<TimeProvider>() ?? TimeProvider.System,
                provider.GetService<IHostEnvironment>()?.ApplicationName ?? "",
                new ConfigurationWatch(source, new ConfigurationOrigins(source.Sections, provider.GetService<IConfiguration>()), shedder.Changes),
                GuardedLogger.Create(provider.GetRequiredService<ILoggerFactory>()));
        });

        // TryAddEnumerable tells registrations apart by the factory's return type, so a second call adds no second service.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, BackpressureService>(static provider => new BackpressureService(
            provider.GetRequiredService<LoadShedder>(),
            provider.GetRequiredService<SettingsSource>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            GuardedLogger.Create(provider.GetRequiredService<ILoggerFactory>()))));
        return services;
    }

    /// <summary>Adds backpressure as a section says, and follows its changes while the host runs.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configuration">
    /// The section itself, usually <c>builder.Configuration.GetSection("Backpressure")</c>. Its keys are the properties of
    /// <see cref="BackpressureOptions"/>; one that does not exist is an error. A change that is wrong is logged and not
    /// applied; the last good configuration stays.
    /// </param>
    /// <returns>The same <paramref name="services"/>.</returns>
    public static IServiceCollection AddBackpressure(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddBackpressure().AddStep(new OptionsStep(null, configuration));
    }

    /// <summary>Adds backpressure as code says. Configuration, if given too, has the last word.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configure">Changes the options; called at start and at every reload, each time on new options.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    public static IServiceCollection AddBackpressure(this IServiceCollection services, Action<BackpressureOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddBackpressure().AddStep(new OptionsStep(configure, null));
    }

    /// <summary>
    /// Makes a health check a signal: 0 while it is healthy, 0.5 degraded, 1 unhealthy. Configure it as
    /// <c>"Signals": { "{name}": { "Kind": "Custom", "Soft": 0, "Hard": 1 } }</c> and name it at a downstream.
    /// </summary>
    /// <remarks>
    /// The health checks' own publisher runs the checks, as its <c>HealthCheckPublisherOptions</c> say: by default first after 5 s and
    /// then every 30 s. Choose a period that suits, and a <c>StaleAfter</c> above it.
    /// </remarks>
    /// <param name="services">Where to add it.</param>
    /// <param name="name">The signal's name.</param>
    /// <param name="checkName">The check's name; <see langword="null"/>: all checks together, the worst of them.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    public static IServiceCollection AddBackpressureHealthSignal(this IServiceCollection services, string name, string? checkName = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var signal = new HealthSignal(name, checkName);
        return services.AddSingleton<ICapacitySignal>(signal).AddSingleton<IHealthCheckPublisher>(signal);
    }

    private static IServiceCollection AddStep(this IServiceCollection services, OptionsStep step)
    {
        // The same section or delegate a second time says nothing new, and would give each of its errors twice.
        if (!services.Any(service => step.Equals(service.ImplementationInstance)))
        {
            services.AddSingleton(step);
        }

        return services;
    }
}
