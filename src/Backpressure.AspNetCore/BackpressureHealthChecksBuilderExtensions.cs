using Backpressure;
using Backpressure.AspNetCore;
using Backpressure.AspNetCore.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check that says whether this replica should get traffic.</summary>
public static class BackpressureHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check for <em>readiness</em>: <c>Degraded</c> while a queue is long, <c>Unhealthy</c> only while this replica refuses
    /// <see cref="Priority.Critical"/> requests for want of capacity, and even then only in time slots of its own, so that replicas
    /// which are overloaded together do not leave together (see <see cref="BackpressureHealthOptions"/>).
    /// </summary>
    /// <remarks>
    /// Never ask it for <em>liveness</em>: whoever restarts what is overloaded makes it worse. It has the tag <c>ready</c>, by which
    /// <c>MapHealthChecks</c> tells the two apart. Needs <c>AddBackpressure</c> on the services.
    /// </remarks>
    /// <param name="builder">Where to add it.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">Its tags; <see langword="null"/>: <c>ready</c>.</param>
    /// <param name="configure">Changes the options; <see langword="null"/>: the defaults.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    /// <exception cref="BackpressureOptionsException">The options are invalid; all errors are listed.</exception>
    public static IHealthChecksBuilder AddBackpressure(
        this IHealthChecksBuilder builder, string name = "backpressure", IEnumerable<string>? tags = null, Action<BackpressureHealthOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var options = new BackpressureHealthOptions();
        configure?.Invoke(options);
        options.Validate(name);

        // One for all questions: it remembers.
        builder.Services.AddKeyedSingleton(name, (provider, _) => new BackpressureHealthCheck(
            provider.GetRequiredService<LoadShedder>(), options, provider.GetService<TimeProvider>() ?? TimeProvider.System, Random.Shared));
        return builder.Add(new HealthCheckRegistration(
            name, provider => provider.GetRequiredKeyedService<BackpressureHealthCheck>(name), failureStatus: null, tags ?? ["ready"]));
    }
}
