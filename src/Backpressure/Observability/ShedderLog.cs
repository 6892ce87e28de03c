using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Backpressure.Observability;

/// <summary>What a shedder logs of single requests (Debug) and of its own faults.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A logger may throw anything; no request may fail by it.")]
internal sealed partial class ShedderLog
{
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, bool> _unknownPolicies = new(StringComparer.OrdinalIgnoreCase);
    private bool _faultTold;

    public ShedderLog(ILogger logger) => _logger = logger;

    /// <summary>Whether anybody wants to read of every request that is rejected.</summary>
    public bool TellsOfRejected => _logger.IsEnabled(LogLevel.Debug);

    [LoggerMessage(10, LogLevel.Debug, "Rejected a request of {Route} (policy {Policy}, downstream {Downstream}, priority {Priority}): {Reason}; retry after {RetryAfterSeconds} s.")]
    public partial void Rejected(string route, string policy, string downstream, Priority priority, RejectionReason reason, int retryAfterSeconds);

    /// <summary>Never throws: a logger that does must not turn a request that was let through into a failed one.</summary>
    public void FailedOpen(string route, Exception fault)
    {
        try
        {
            LogFailedOpen(route, fault);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    /// <summary>Once, and never throwing: whatever keeps throwing would fill the log at the rate of the requests.</summary>
    public void Fault(Exception fault)
    {
        if (Interlocked.Exchange(ref _faultTold, true))
        {
            return;
        }

        try
        {
            LogFault(fault);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    [LoggerMessage(11, LogLevel.Error, "Deciding on a request of {Route} failed by a fault of Backpressure itself; the request was let through.")]
    private partial void LogFailedOpen(string route, Exception fault);

    /// <summary>Once a name, however many endpoints use it; never throwing.</summary>
    public void UnknownPolicy(string policy, string route, string used)
    {
        if (!_unknownPolicies.TryAdd(policy, true))
        {
            return;
        }

        try
        {
            LogUnknownPolicy(policy, route, used);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    [LoggerMessage(12, LogLevel.Error, "The policy {Policy}, which {Route} asks for, is not configured; the policy {Used} is used. Add Backpressure:Policies:{Policy} or name one that exists.")]
    private partial void LogUnknownPolicy(string policy, string route, string used);

    [LoggerMessage(13, LogLevel.Error, "Measuring, logging or a listener to the metrics failed; requests are decided all the same. Said once.")]
    private partial void LogFault(Exception fault);
}
