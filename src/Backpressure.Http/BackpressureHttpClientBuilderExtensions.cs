using System.Diagnostics.Metrics;
using Backpressure;
using Backpressure.Configuration;
using Backpressure.Http;
using Backpressure.Http.Configuration;
using Backpressure.Http.Destinations;
using Backpressure.Http.Sending;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Holds back the calls of an <see cref="HttpClient"/>.</summary>
/// <remarks>
/// Call it before <c>AddStandardResilienceHandler</c> and its like: what is added first stands outside, so that a call with all its
/// retries holds one slot, an open circuit is seen, and what is refused here is neither retried nor counted against the circuit. The
/// other way round works too, and is warned of in the log.
/// A second call for the same client adds no second handler; its options add up, code before configuration.
/// </remarks>
public static class BackpressureHttpClientBuilderExtensions
{
    /// <summary>
    /// Gives each destination of the client a gate: an adaptive limit with a queue by priority, a throttle, and obedience to
    /// <c>Retry-After</c>. Calls carry the priority and the deadline of the request they are made for. What is refused here is a 503
    /// with <c>Retry-After</c> and <c>Backpressure-Reason</c> that no one else made, for gRPC a trailers-only <c>UNAVAILABLE</c> with pushback.
    /// </summary>
    /// <param name="builder">The client.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static IHttpClientBuilder AddBackpressure(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        IServiceCollection services = builder.Services;
        string name = builder.Name;
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(OutboundClient) && Equals(service.ServiceKey, name)))
        {
            return builder;
        }

        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(static provider => new AmbientRequests(provider.GetService<TimeProvider>()));
        services.AddOptions<BackpressureClientOptions>(name).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BackpressureClientOptions>>(provider => new ClientOptionsValidator(name, RootOf(provider, name)));
        services.AddKeyedSingleton(name, (provider, _) => new ClientReloads(
            name, provider.GetRequiredService<IOptionsFactory<BackpressureClientOptions>>(), provider.GetServices<ClientSection>()));
        services.AddKeyedSingleton(name, (provider, _) => Make(provider, name));
        if (name.Length is > 0 and <= Bounds.MaxNameLength && !name.Contains(':', StringComparison.Ordinal))
        {
            services.AddSingleton(new KnownSignal(name, Soft: 0.05, Hard: 1));
            services.AddSingleton<ICapacitySignal>(provider => new ClientSignal(name, () => provider.GetRequiredKeyedService<OutboundClient>(name)));
        }

        return builder.ConfigureAdditionalHttpMessageHandlers((outside, provider) =>
        {
            OutboundClient client = provider.GetRequiredKeyedService<OutboundClient>(name);
            HandlerOrder.Look(outside, client);
            outside.Add(new BackpressureHandler(client));
        });
    }

    /// <summary>As <see cref="AddBackpressure(IHttpClientBuilder)"/>, as code says.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configure">Changes the options; called at start and at every reload, each time on new options.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static IHttpClientBuilder AddBackpressure(this IHttpClientBuilder builder, Action<BackpressureClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.AddBackpressure().Services.Configure(builder.Name, configure);
        return builder;
    }

    /// <summary>As <see cref="AddBackpressure(IHttpClientBuilder)"/>, as a section says, whose changes are followed.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configuration">
    /// The section itself, such as <c>builder.Configuration.GetSection("Clients:Payments")</c>. Its keys are the properties of
    /// <see cref="BackpressureClientOptions"/>; one that does not exist is an error. A change that is wrong is logged and not applied.
    /// </param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static IHttpClientBuilder AddBackpressure(this IHttpClientBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        IServiceCollection services = builder.AddBackpressure().Services;
        services.AddSingleton(new ClientSection(builder.Name, configuration));
        services.PostConfigure<BackpressureClientOptions>(builder.Name, options => ClientOptionsReader.Read(configuration, options));
        return builder;
    }

    private static string RootOf(IServiceProvider provider, string name) =>
        provider.GetServices<ClientSection>().LastOrDefault(section => section.Client == name)?.Section is IConfigurationSection section
            ? section.Path : $"HttpClient {name}";

    private static OutboundClient Make(IServiceProvider provider, string name)
    {
        ClientReloads reloads = provider.GetRequiredKeyedService<ClientReloads>(name);
        var client = new OutboundClient(
            name,
            ClientSettings.Of(name, reloads.Read()),
            provider.GetRequiredService<AmbientRequests>(),
            provider.GetService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IMeterFactory>());
        reloads.Follow(client);
        return client;
    }
}
