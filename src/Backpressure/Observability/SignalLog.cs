using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Backpressure.Observability;

/// <summary>What is logged of signals: changes of state, once each. Never throws.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A logger may throw anything, and sampling must go on.")]
internal sealed partial class SignalLog(ILogger logger)
{
    private readonly ILogger _logger = logger;

    public void BeganLowering(string signal, double value, double soft) => Safely(() => LogBeganLowering(signal, value, soft));

    public void StoppedLowering(string signal, double value) => Safely(() => LogStoppedLowering(signal, value));

    public void WentStale(string signal, double seconds, string absence) => Safely(() => LogWentStale(signal, seconds, absence));

    public void CameBack(string signal) => Safely(() => LogCameBack(signal));

    public void HeldDown(string downstream, int minutes, string signal, double value, double soft) => Safely(() => LogHeldDown(downstream, minutes, signal, value, soft));

    public void Faulted(string signal, Exception fault) => Safely(() => LogFaulted(signal, fault));

    private static void Safely(Action log)
    {
        try
        {
            log();
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    [LoggerMessage(20, LogLevel.Warning, "Signal {Signal} began to lower limits: it reads {Value}, above what it may ({Soft}).")]
    private partial void LogBeganLowering(string signal, double value, double soft);

    [LoggerMessage(21, LogLevel.Information, "Signal {Signal} stopped lowering limits: it reads {Value}.")]
    private partial void LogStoppedLowering(string signal, double value);

    [LoggerMessage(22, LogLevel.Warning, "Signal {Signal} has had no reading for {Seconds} s and does not count until it has. {Absence}")]
    private partial void LogWentStale(string signal, double seconds, string absence);

    [LoggerMessage(23, LogLevel.Information, "Signal {Signal} has readings again and counts.")]
    private partial void LogCameBack(string signal);

    [LoggerMessage(25, LogLevel.Warning, "Signals have held the limit of downstream {Downstream} down for {Minutes} minutes without pause, and meanwhile it learns nothing. The strongest is {Signal}: it reads {Value}, above its Soft ({Soft}). See to what it measures; if that is normal at this load, raise its Soft (under Backpressure:Signals) above it.")]
    private partial void LogHeldDown(string downstream, int minutes, string signal, double value, double soft);

    [LoggerMessage(24, LogLevel.Error, "Reading signal {Signal} failed; while it does, it has no reading. Said again only when it has been stale and come back meanwhile.")]
    private partial void LogFaulted(string signal, Exception fault);
}
