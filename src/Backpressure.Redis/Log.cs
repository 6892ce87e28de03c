using Microsoft.Extensions.Logging;

namespace Backpressure.Redis;

/// <summary>What is logged: changes of state, once each.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Redis at {EndPoints} decides on the limits that the fleet shares")]
    public static partial void Connected(ILogger logger, string endPoints);

    [LoggerMessage(2, LogLevel.Warning, "Redis at {EndPoints} does not decide on the limits that the fleet shares: {Reason}. Until it does, {Fallback}. It is asked again once a second. Where it is, and by which password, says {Path}:Configuration")]
    public static partial void Disconnected(ILogger logger, string endPoints, string reason, string fallback, string path);
}
