namespace Backpressure.Kafka;

/// <summary>In what a lag is read as a signal.</summary>
public enum KafkaLagReading
{
    /// <summary>In seconds behind: messages not yet done ÷ messages done a second.</summary>
    Seconds = 0,

    /// <summary>In messages not yet done.</summary>
    Messages,
}
