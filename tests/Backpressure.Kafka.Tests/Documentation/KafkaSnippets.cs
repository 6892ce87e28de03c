using Backpressure.AspNetCore;
using Confluent.Kafka;
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
        builder.Services.AddBackpressureKafkaConsumer<BillingHandler>("billing", kafka.GetSection("Consumer"));
    }

    public static void Endpoints(WebApplication app)
    {
        app.MapKafkaIngest("/events/{topic}", context => new KafkaIngestTraits
        {
            Key = context.Request.Headers["X-Order"],
            Priority = context.Features.Get<IBackpressureFeature>()?.Priority,
        });
    }

    internal sealed class BillingHandler(IKafkaIngest ingest, Bills bills) : IKafkaMessageHandler
    {
        public async Task HandleAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken)
        {
            if (message.Message.Value is { Length: > 0 } order)
            {
                await bills.WriteAsync(order, cancellationToken);
                return;
            }

            KafkaIngestResult kept = await ingest.ProduceAsync("dead-orders", new KafkaRecord { Value = message.Message.Value }, cancellationToken);
            if (kept.Status != KafkaIngestStatus.Stored)
            {
                throw new InvalidOperationException("What is not kept must come again.");
            }
        }
    }

    /// <summary>What a reader would have of his own.</summary>
    internal sealed class Bills
    {
        public System.Collections.Concurrent.ConcurrentQueue<byte[]> Written { get; } = new();

        public Task WriteAsync(byte[] order, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Written.Enqueue(order);
            return Task.CompletedTask;
        }
    }
}
