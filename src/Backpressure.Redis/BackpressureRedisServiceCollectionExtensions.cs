using System.Diagnostics.Metrics;
using Backpressure;
using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Backpressure.Redis;
using Backpressure.Redis.Configuration;
using Backpressure.Redis.Limits;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Redis as the store of rate limits that a fleet shares.</summary>
/// <remarks>
/// Beside <c>AddBackpressure</c>, in any order. Limits whose <see cref="RateLimitOptions.Scope"/> is <see cref="RateLimitScope.Fleet"/>
/// are then kept by all replicas together. Wrong options stop the host's start with a <see cref="BackpressureOptionsException"/> that
/// lists every error, those of <c>AddBackpressure</c> too.
/// </remarks>
public static class BackpressureRedisServiceCollectionExtensions
{
    /// <summary>Adds the store as a section says.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configuration">
    /// The section itself, usually <c>builder.Configuration.GetSection("Backpressure:Redis")</c>. Its keys are the properties of
    /// <see cref="BackpressureRedisOptions"/>; one that does not exist is an error. Read once, at start.
    /// </param>
    /// <returns>The same <paramref name="services"/>.</returns>
    /// <exception cref="InvalidOperationException">There is a store already.</exception>
    public static IServiceCollection AddBackpressureRedis(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration as IConfigurationSection;
        return services.AddStore(section?.Key, section?.Path ?? RedisRules.DefaultPath, (options, errors) => RedisRules.Read(configuration, options, errors));
    }

    /// <summary>As <see cref="AddBackpressureRedis(IServiceCollection, IConfiguration)"/>, with options that code sets.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    /// <exception cref="InvalidOperationException">There is a store already.</exception>
    public static IServiceCollection AddBackpressureRedis(this IServiceCollection services, Action<BackpressureRedisOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddStore(null, RedisRules.DefaultPath, (options, _) => configure(options));
    }

    private static IServiceCollection AddStore(
        this IServiceCollection services, string? key, string path, Action<BackpressureRedisOptions, OptionsErrors> read)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(FleetStoreSection)))
        {
            throw new InvalidOperationException("A store for limits that a fleet shares was added already. One serves all limits: call AddBackpressureRedis once.");
        }

        services.AddLogging();
        services.AddMetrics();
        services.AddSingleton(new FleetStoreSection(key, errors => ReadAndValidate(errors)));
        services.AddSingleton(provider =>
        {
            var errors = new OptionsErrors();
            BackpressureRedisOptions options = ReadAndValidate(errors);
            if (errors.Count > 0)
            {
                // Whoever reads all the rest tells its errors too, and these among them.
                _ = provider.GetService<LoadShedder>();
                errors.ThrowIfAny();
            }

            return new FleetLimits(
                options, path, provider.GetService<TimeProvider>() ?? TimeProvider.System,
                provider.GetRequiredService<ILoggerFactory>().CreateLogger("Backpressure.Redis"), provider.GetRequiredService<IMeterFactory>());
        });
        services.AddSingleton<IFleetStore>(static provider => provider.GetRequiredService<FleetLimits>());
        return services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<FleetLimits>());

        BackpressureRedisOptions ReadAndValidate(OptionsErrors errors)
        {
            var options = new BackpressureRedisOptions();
            read(options, errors);
            RedisRules.Validate(path, options, errors);
            return options;
        }
    }
}
