using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore;

/// <summary>A logger that never throws: logging providers may, and no request, reload or start may fail by that.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A logger may throw anything, and there is nobody left to tell.")]
internal sealed class GuardedLogger(ILogger inner) : ILogger
{
    public static ILogger Create(ILoggerFactory factory) => new GuardedLogger(factory.CreateLogger("Backpressure.AspNetCore"));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }
}
