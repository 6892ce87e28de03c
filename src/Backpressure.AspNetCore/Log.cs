using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore;

/// <summary>What the web layer says, to a <see cref="GuardedLogger"/>; rejections are logged by the engine.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A changed configuration is not applied, the last good one stays in force: {Error}")]
    public static partial void ReloadRejected(ILogger logger, string error);

    [LoggerMessage(2, LogLevel.Error, "A changed configuration could not be read, the last good one stays in force")]
    public static partial void ReloadFailed(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Information, "A changed configuration is in force")]
    public static partial void Reloaded(ILogger logger);

    [LoggerMessage(4, LogLevel.Error,
        "UseBackpressure() runs before routing, so endpoint '{Endpoint}' and others are not seen: their metadata has no effect and health checks are not exempt. Move app.UseBackpressure() after app.UseRouting()")]
    public static partial void Misplaced(ILogger logger, string endpoint);

    [LoggerMessage(5, LogLevel.Error, "{Callback} has thrown; the request goes on without it")]
    public static partial void CallbackFailed(ILogger logger, Exception exception, string callback);

    [LoggerMessage(6, LogLevel.Error, "A request could not be classified by a fault of Backpressure's own and is let through")]
    public static partial void FailedOpen(ILogger logger, Exception exception);

    [LoggerMessage(7, LogLevel.Error, "The configured route '{Route}' is left out: {Error}")]
    public static partial void RouteIgnored(ILogger logger, string route, string error);

    [LoggerMessage(8, LogLevel.Warning, "Endpoints could not be listed at start, so the policies that they name are checked when they are first asked for")]
    public static partial void EndpointsNotListed(ILogger logger, Exception exception);

    [LoggerMessage(9, LogLevel.Warning, "The configuration has no section '{Section}', so Backpressure runs with its defaults. Add the section or correct the name that AddBackpressure was given")]
    public static partial void SectionMissing(ILogger logger, string section);

    [LoggerMessage(10, LogLevel.Error, "What became of a request could not be told by its response, so it counts as Ignored")]
    public static partial void OutcomeUnknown(ILogger logger, Exception exception);

    [LoggerMessage(11, LogLevel.Warning,
        "The dashboard at {Pattern} is closed and answers 404: outside Development it needs an authorization policy. Add .RequireAuthorization(\"…\") to MapBackpressureDashboard(…). Said once")]
    public static partial void DashboardClosed(ILogger logger, string pattern);

    [LoggerMessage(12, LogLevel.Error, "The dashboard failed to look at the state by a fault of Backpressure's own; requests are decided all the same, and it goes on. Said once")]
    public static partial void DashboardFailed(ILogger logger, Exception exception);
}
