using Backpressure.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.Kafka.Tests.Documentation;

/// <summary>README's C# about Kafka, line by line; its own tests run it, ReadmeTests compares it.</summary>
internal static class KafkaSnippets
{
    public static void Services(WebApplicationBuilder builder)
    {
        IConfigurationSection kafka = builder.Configuration.GetSection("Kafka");
        builder.Services.AddBackpressureKafkaLag("billing-lag", kafka.GetSection("Lag"));
        builder.Services.AddBackpressureKafkaIngest(kafka.GetSection("Ingest"));
    }

    public static void Endpoints(WebApplication app)
    {
        app.MapKafkaIngest("/events/{topic}", context => new KafkaIngestTraits
        {
            Key = context.Request.Headers["X-Order"],
            Priority = context.Features.Get<IBackpressureFeature>()?.Priority,
        });
    }
}
