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

    [LoggerMessage(20, LogLevel.Warning, "Handling a message failed (topic {Topic}, partition {Partition}, offset {Offset}, attempt {Attempt}). It is tried again in {Seconds} s, and those behind it wait")]
    public static partial void HandlerFailed(ILogger logger, string topic, int partition, long offset, int attempt, double seconds, Exception exception);

    [LoggerMessage(21, LogLevel.Error, "Handling a message failed {Attempts} times, and its partition stops there (topic {Topic}, partition {Partition}, offset {Offset}). Nothing behind it is handled here until the partition moves or this process starts anew. Mend the handler, or have it catch what it cannot handle")]
    public static partial void PartitionStopped(ILogger logger, string topic, int partition, long offset, int attempts, Exception exception);

    [LoggerMessage(22, LogLevel.Error, "Handling a message failed {Attempts} times, and it is skipped (topic {Topic}, partition {Partition}, offset {Offset})")]
    public static partial void MessageSkipped(ILogger logger, string topic, int partition, long offset, int attempts, Exception exception);

    [LoggerMessage(23, LogLevel.Warning, "Reading topic {Topic} for group {Group} failed and goes on when it can: {Reason}")]
    public static partial void ConsumerFailed(ILogger logger, string topic, string group, string reason);

    [LoggerMessage(24, LogLevel.Information, "Reading topic {Topic} for group {Group} goes on")]
    public static partial void ConsumerGoesOn(ILogger logger, string topic, string group);

    [LoggerMessage(25, LogLevel.Information, "The consumer of topic {Topic} in group {Group} was given {Count} partitions")]
    public static partial void Assigned(ILogger logger, string topic, string group, int count);

    [LoggerMessage(26, LogLevel.Information, "The consumer of topic {Topic} in group {Group} has given up {Count} partitions")]
    public static partial void HandedOver(ILogger logger, string topic, string group, int count);

    [LoggerMessage(27, LogLevel.Warning, "The consumer of topic {Topic} in group {Group} has given up {Count} partitions whose handlers had not ended after {Seconds} s. What they were handling is not committed and comes again elsewhere")]
    public static partial void HandedOverUnfinished(ILogger logger, string topic, string group, int count, double seconds);

    [LoggerMessage(28, LogLevel.Warning, "Committing for topic {Topic} in group {Group} failed: {Reason}. The next commit makes up for it; what was handled since the last one comes again if its partition has gone")]
    public static partial void CommitFailed(ILogger logger, string topic, string group, string reason);

    [LoggerMessage(29, LogLevel.Warning, "The consumer of topic {Topic} in group {Group} could not leave its group within {Seconds} s and is left to itself. What was handled since the last commit may come again")]
    public static partial void CloseTimedOut(ILogger logger, string topic, string group, double seconds);
}
