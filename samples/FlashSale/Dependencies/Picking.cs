using System.Text.Json;
using Backpressure.Kafka;
using Confluent.Kafka;

namespace FlashSale.Dependencies;

/// <summary>The warehouse: picks what the order log says, and takes its time for each.</summary>
internal sealed class Picking(TimeProvider time) : IKafkaMessageHandler
{
    private static readonly TimeSpan PickTime = TimeSpan.FromMilliseconds(10);

    /// <summary>Somebody looks at an order that was not found to be clear.</summary>
    private static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(20);

    public Task HandleAsync(ConsumeResult<byte[]?, byte[]?> message, CancellationToken cancellationToken)
    {
        LoggedOrder order = JsonSerializer.Deserialize<LoggedOrder>(message.Message.Value)!;
        return Task.Delay(order.Clear ? PickTime : LookTime + PickTime, time, cancellationToken);
    }
}
