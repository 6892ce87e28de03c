using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka;

/// <summary>What is logged: changes of state, once each.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "{Client}: {Message}")]
    public static partial void Client(ILogger logger, string client, string message);

    [LoggerMessage(2, LogLevel.Warning, "The lag '{Name}' of group {Group} at topic {Topic} is not known and does not count until it is")]
    public static partial void LagUnknown(ILogger logger, string name, string group, string topic, Exception exception);

    [LoggerMessage(3, LogLevel.Information, "The lag '{Name}' is known again")]
    public static partial void LagKnown(ILogger logger, string name);

    [LoggerMessage(10, LogLevel.Error, "The producer met an error that ends it and is replaced: {Reason}. What it held and had not delivered is answered as failed")]
    public static partial void ProducerReplaced(ILogger logger, string reason);

    [LoggerMessage(11, LogLevel.Error, "The host's time to stop has ended with {Count} messages that no broker has acknowledged. Senders who wait for it are told that theirs failed; those who were told it is buffered have lost theirs")]
    public static partial void Abandoned(ILogger logger, long count);
}
