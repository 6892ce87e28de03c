using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Backpressure;
using Backpressure.Configuration;
using Backpressure.Kafka;
using Backpressure.Kafka.Configuration;
using Backpressure.Kafka.Consuming;
using Backpressure.Kafka.Ingest;
using Backpressure.Kafka.Lag;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what ties backpressure to Apache Kafka.</summary>
/// <remarks>
/// Options are read once, at start. Wrong ones stop the host's start with a <see cref="BackpressureOptionsException"/> that lists every error.
/// </remarks>
public static class BackpressureKafkaServiceCollectionExtensions
{
    private const string IngestName = "KafkaIngest";

    /// <summary>
    /// Makes a consumer group's lag a signal. Configure it as <c>"Signals": { "{name}": { "Kind": "Custom", "Soft": 10, "Hard": 60 } }</c> and
    /// name it at a downstream. While the lag is not known, the signal has no reading: it is stale, not zero.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="name">The signal's name.</param>
    /// <param name="configuration">The section with the keys of <see cref="KafkaLagOptions"/>; one that does not exist is an error.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    public static IServiceCollection AddBackpressureKafkaLag(this IServiceCollection services, string name, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddLag(name, PathOf(configuration, name), (options, errors) => LagRules.Read(configuration, options, errors));
    }

    /// <summary>As <see cref="AddBackpressureKafkaLag(IServiceCollection, string, IConfiguration)"/>, with options that code sets.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="name">The signal's name.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    public static IServiceCollection AddBackpressureKafkaLag(this IServiceCollection services, string name, Action<KafkaLagOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddLag(name, name, (options, _) => configure(options));
    }

    /// <summary>
    /// Adds <see cref="IKafkaIngest"/>, a bounded buffer that writes to a cluster, for code and for
    /// <see cref="AspNetCore.Builder.BackpressureKafkaEndpointRouteBuilderExtensions.MapKafkaIngest"/>. When the host stops, what is in it is
    /// delivered within the host's time to stop.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configuration">The section with the keys of <see cref="KafkaIngestOptions"/>; one that does not exist is an error.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public static IServiceCollection AddBackpressureKafkaIngest(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddIngest(PathOf(configuration, IngestName), (options, errors) => IngestRules.Read(configuration, options, errors));
    }

    /// <summary>As <see cref="AddBackpressureKafkaIngest(IServiceCollection, IConfiguration)"/>, with options that code sets.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public static IServiceCollection AddBackpressureKafkaIngest(this IServiceCollection services, Action<KafkaIngestOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddIngest(IngestName, (options, _) => configure(options));
    }

    /// <summary>
    /// Adds a consumer that takes only as much as its handler gets done: at <see cref="KafkaConsumerOptions.HighWatermark"/> a partition is paused,
    /// at <see cref="KafkaConsumerOptions.LowWatermark"/> it is resumed. Only what is done is committed, in each partition's order. A fatal error of
    /// the client ends it as any background service ends: with the host, unless its options say otherwise.
    /// </summary>
    /// <typeparam name="THandler">Does the work. A singleton unless it is registered otherwise; each attempt has a scope of its own.</typeparam>
    /// <param name="services">Where to add it.</param>
    /// <param name="name">The consumer's name, unique among consumers.</param>
    /// <param name="configuration">The section with the keys of <see cref="KafkaConsumerOptions"/>; one that does not exist is an error.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public static IServiceCollection AddBackpressureKafkaConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string name, IConfiguration configuration)
        where THandler : class, IKafkaMessageHandler
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddConsumer<THandler>(name, PathOf(configuration, name), (options, errors) => ConsumerRules.Read(configuration, options, errors));
    }

    /// <summary>As <see cref="AddBackpressureKafkaConsumer{THandler}(IServiceCollection, string, IConfiguration)"/>, with options that code sets.</summary>
    /// <typeparam name="THandler">Does the work. A singleton unless it is registered otherwise; each attempt has a scope of its own.</typeparam>
    /// <param name="services">Where to add it.</param>
    /// <param name="name">The consumer's name, unique among consumers.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same <paramref name="services"/>.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public static IServiceCollection AddBackpressureKafkaConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string name, Action<KafkaConsumerOptions> configure)
        where THandler : class, IKafkaMessageHandler
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddConsumer<THandler>(name, name, (options, _) => configure(options));
    }

    private static IServiceCollection AddConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string name, string path, Action<KafkaConsumerOptions, OptionsErrors> read)
        where THandler : class, IKafkaMessageHandler
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        services.TryAddSingleton<THandler>();
        services.AddKafkaCore().AddNamed(name, provider =>
        {
            LoadShedder? shedder = null;
            KafkaConsumerOptions options = OptionsOf(read, (options, errors) =>
            {
                ConsumerRules.Validate(path, options, errors);
                shedder = options.Policy is null ? null : provider.GetService<LoadShedder>();
                ConsumerRules.ValidatePolicy(path, options, shedder, errors);
            });
            IServiceScopeFactory scopes = provider.GetRequiredService<IServiceScopeFactory>();
            return new ConsumerWorker(
                options, path,
                async (message, cancellationToken) =>
                {
                    await using AsyncServiceScope scope = scopes.CreateAsyncScope();
                    await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(message, cancellationToken);
                },
                TimeOf(provider), LoggerOf(provider), shedder);
        });
        return services;
    }

    private static IServiceCollection AddIngest(this IServiceCollection services, string path, Action<KafkaIngestOptions, OptionsErrors> read)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(KafkaIngest)))
        {
            throw new InvalidOperationException("AddBackpressureKafkaIngest was called already. One buffer serves all topics: name them all in one call.");
        }

        services.AddKafkaCore().AddSingleton(provider =>
        {
            return new KafkaIngest(
                OptionsOf(read, (options, errors) => IngestRules.Validate(path, options, errors)), path, TimeOf(provider), provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<IMeterFactory>(),
                provider.GetService<IHostApplicationLifetime>());
        });
        services.AddSingleton<IKafkaIngest>(static provider => provider.GetRequiredService<KafkaIngest>());
        return services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<KafkaIngest>());
    }

    private static IServiceCollection AddLag(this IServiceCollection services, string name, string path, Action<KafkaLagOptions, OptionsErrors> read)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        services.AddKafkaCore().AddNamed(name, provider =>
        {
            KafkaLagOptions options = OptionsOf(read, (options, errors) => LagRules.Validate(path, options, errors));
            return new LagMonitor(name, options, path, TimeOf(provider), LoggerOf(provider));
        });
        return services.AddSingleton<ICapacitySignal>(provider => provider.GetRequiredKeyedService<LagMonitor>(name));
    }

    /// <summary>One service of a kind under a name, which runs while the host does and is measured.</summary>
    private static void AddNamed<T>(this IServiceCollection services, string name, Func<IServiceProvider, T> create)
        where T : class, IHostedService
    {
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(T) && name.Equals(service.ServiceKey)))
        {
            throw new ArgumentException($"The name \"{name}\" is taken. Choose another one.", nameof(name));
        }

        services.AddKeyedSingleton(name, (provider, _) => create(provider));
        services.AddSingleton<IHostedService>(provider =>
        {
            _ = provider.GetRequiredService<KafkaMetrics>();
            return provider.GetRequiredKeyedService<T>(name);
        });
    }

    private static IServiceCollection AddKafkaCore(this IServiceCollection services)
    {
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(static provider => new KafkaMetrics(
            provider.GetRequiredService<IMeterFactory>(), provider.GetKeyedServices<LagMonitor>(KeyedService.AnyKey),
            provider.GetKeyedServices<ConsumerWorker>(KeyedService.AnyKey)));
        return services;
    }

    /// <exception cref="BackpressureOptionsException">They are wrong; it names every error.</exception>
    private static T OptionsOf<T>(Action<T, OptionsErrors> read, Action<T, OptionsErrors> validate)
        where T : new()
    {
        var errors = new OptionsErrors();
        var options = new T();
        read(options, errors);
        validate(options, errors);
        errors.ThrowIfAny();
        return options;
    }

    private static string PathOf(IConfiguration configuration, string otherwise) =>
        configuration is IConfigurationSection { Path: { Length: > 0 } path } ? path : otherwise;

    private static TimeProvider TimeOf(IServiceProvider provider) => provider.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger LoggerOf(IServiceProvider provider) => provider.GetRequiredService<ILoggerFactory>().CreateLogger("Backpressure.Kafka");
}
