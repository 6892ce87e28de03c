using Microsoft.Extensions.Logging;

namespace Backpressure.Http;

/// <summary>What the caller's side says; refusals by a gate are logged by the engine.</summary>
internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Debug, "A {Priority} call to '{Destination}' is not sent: {Reason}, to be tried again in {RetryAfter} s")]
    public static partial void NotSent(ILogger logger, Priority priority, string destination, string reason, int retryAfter);

    [LoggerMessage(102, LogLevel.Error, "A call of client '{Client}' could not be decided by a fault of Backpressure's own and is sent")]
    public static partial void FailedOpen(ILogger logger, Exception exception, string client);

    [LoggerMessage(103, LogLevel.Error, "A changed configuration of client '{Client}' is not applied, the last good one stays in force: {Error}")]
    public static partial void ReloadRejected(ILogger logger, string client, string error);

    [LoggerMessage(104, LogLevel.Error, "RouteOf of client '{Client}' has thrown; the call counts as one of its method")]
    public static partial void RouteOfFailed(ILogger logger, Exception exception, string client);

    [LoggerMessage(105, LogLevel.Warning, "Client '{Client}' calls AddBackpressure() after the method that adds {Outside}, so each attempt asks the gate anew, and what is refused here is retried and counts against a circuit. Call AddBackpressure() first")]
    public static partial void StandsInside(ILogger logger, string client, string outside);
}
