using System.Diagnostics.CodeAnalysis;
using Backpressure.Kafka;
using Backpressure.Kafka.Ingest;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Endpoints that write to Apache Kafka.</summary>
public static class BackpressureKafkaEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Takes the bodies of POST requests as messages. 202: stored (or buffered, as the topic's options say). 404: the topic is not one of
    /// <see cref="KafkaIngestOptions.Topics"/>. 413: longer than <see cref="KafkaIngestOptions.MaxMessageBytes"/>. 503 with <c>Retry-After</c>:
    /// the buffer is full, the host is shutting down, or no broker has acknowledged the message in time; then it may be stored or not.
    /// </summary>
    /// <param name="endpoints">Where to add it.</param>
    /// <param name="pattern">The route; its parameter <c>topic</c> names the topic.</param>
    /// <param name="describe">
    /// Says a message's key, priority and headers by its request's headers; the body is not read yet, and must not be. What it throws fails the request.
    /// <see langword="null"/>: no key, the topic's priority, the content type.
    /// </param>
    /// <returns>For further conventions.</returns>
    /// <exception cref="ArgumentException">The pattern has no parameter <c>topic</c>.</exception>
    /// <exception cref="InvalidOperationException"><c>AddBackpressureKafkaIngest</c> was not called.</exception>
    public static IEndpointConventionBuilder MapKafkaIngest(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, KafkaIngestTraits>? describe = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (RoutePatternFactory.Parse(pattern).GetParameter(IngestEndpoint.TopicParameter) is null)
        {
            throw new ArgumentException($"The pattern \"{pattern}\" does not say which topic. Write {{topic}} in it, such as /events/{{topic}}.", nameof(pattern));
        }

        KafkaIngest ingest = endpoints.ServiceProvider.GetService<KafkaIngest>()
            ?? throw new InvalidOperationException("MapKafkaIngest needs its buffer. Call builder.Services.AddBackpressureKafkaIngest(…) before building the application.");
        return endpoints.MapPost(pattern, (RequestDelegate)new IngestEndpoint(ingest, describe).HandleAsync);
    }
}
