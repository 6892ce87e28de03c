using System.Text.Json;
using Backpressure.Kafka;
using Confluent.Kafka;
using FlashSale.Shop;

namespace FlashSale.Dependencies;

/// <summary>The warehouse: picks what the order log says, once it is known to be clear, and takes its time for each.</summary>
internal sealed class Picking(FraudCheck fraud, TimeProvider time) : IKafkaMessageHandler
{
    private static readonly TimeSpan PickTime = TimeSpan.FromMilliseconds(10);

    /// <summary>Somebody looks at an order that was not found to be clear.</summary>
    private static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(20);

    public async Task HandleAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken)
    {
        Order order = JsonSerializer.Deserialize<Order>(message.Message.Value)!;
        bool clear = await fraud.IsClearAsync(order, cancellationToken);
        await Task.Delay(clear ? PickTime : LookTime + PickTime, time, cancellationToken);
    }
}
