using Backpressure;
using Backpressure.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>What the attributes say, for endpoints and groups that are mapped in code. The last call wins.</summary>
public static class BackpressureEndpointConventionBuilderExtensions
{
    /// <summary>Gives the endpoints the named policy, as <see cref="BackpressureAttribute(string)"/>.</summary>
    /// <typeparam name="TBuilder">The kind of endpoint or group.</typeparam>
    /// <param name="builder">The endpoint or group.</param>
    /// <param name="policy">A name in <see cref="BackpressureOptions.Policies"/>; one that is not there is an error at start.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="policy"/> is null, empty or white space.</exception>
    public static TBuilder RequireBackpressure<TBuilder>(this TBuilder builder, string policy)
        where TBuilder : IEndpointConventionBuilder
        => builder.WithMetadata(new BackpressureAttribute(policy));

    /// <summary>
    /// Takes back <see cref="DisableBackpressure{TBuilder}"/> or a group's policy, as <see cref="BackpressureAttribute()"/>.
    /// </summary>
    /// <typeparam name="TBuilder">The kind of endpoint or group.</typeparam>
    /// <param name="builder">The endpoint or group.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static TBuilder RequireBackpressure<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
        => builder.WithMetadata(new BackpressureAttribute());

    /// <summary>Sets the endpoints' priority in place of their policy's, as <see cref="RequestPriorityAttribute"/>.</summary>
    /// <typeparam name="TBuilder">The kind of endpoint or group.</typeparam>
    /// <param name="builder">The endpoint or group.</param>
    /// <param name="priority">How much their requests matter.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="priority"/> is not one of the four.</exception>
    public static TBuilder WithPriority<TBuilder>(this TBuilder builder, Priority priority)
        where TBuilder : IEndpointConventionBuilder
        => builder.WithMetadata(new RequestPriorityAttribute(priority));

    /// <summary>Exempts the endpoints, as <see cref="DisableBackpressureAttribute"/>.</summary>
    /// <typeparam name="TBuilder">The kind of endpoint or group.</typeparam>
    /// <param name="builder">The endpoint or group.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static TBuilder DisableBackpressure<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
        => builder.WithMetadata(new DisableBackpressureAttribute());
}
