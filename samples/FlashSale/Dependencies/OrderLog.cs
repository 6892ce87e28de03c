using System.Globalization;
using System.Text.Json;
using Backpressure.Kafka;
using FlashSale.Shop;

namespace FlashSale.Dependencies;

/// <summary>
/// Orders as a topic of Kafka: how the warehouse hears of them. What was sold is what the database has; the log must not hold up the
/// checkout, so it answers from its buffer. What a buffer that is full does not take, or a crash takes with it, is in the database all
/// the same, where whoever compares the two finds it.
/// </summary>
internal sealed class OrderLog(IKafkaIngest ingest)
{
    /// <summary>The topic.</summary>
    public const string Topic = "orders";

    /// <summary>Appends an order that is stored.</summary>
    public async ValueTask AppendAsync(Order order)
    {
        KafkaRecord record = new()
        {
            // Orders for one product keep their sequence: who came first gets the last one.
            Key = order.Product.ToString(CultureInfo.InvariantCulture),
            Value = JsonSerializer.SerializeToUtf8Bytes(order),
        };
        await ingest.ProduceAsync(Topic, record, CancellationToken.None);
    }
}
