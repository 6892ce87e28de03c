using System.Diagnostics;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// The wait for a slot, or for the store of limits that a fleet shares, as a span of its own below the request's, where somebody listens to the source <c>Backpressure</c>: a trace
/// then shows what the time went into. A request that does not wait has none; what was decided of it is on the request's span.
/// </summary>
internal static class WaitSpan
{
    public const string SourceName = "Backpressure";
    public const string Name = "backpressure.wait";

    private static readonly ActivitySource Source = new(SourceName);

    public static Activity? Start() => Source.StartActivity(Name);

    /// <summary>The wait is over: what comes now is the request's span's again.</summary>
    public static void End(Activity? span, in AdmissionLease lease)
    {
        if (span is null)
        {
            return;
        }

        if (span.IsAllDataRequested)
        {
            span.SetTag(Tags.Decision, lease.Decision.Tag());
            span.SetTag(Tags.Priority, lease.Priority.Tag());
            span.SetTag(Tags.Policy, lease.Policy.Name);
            span.SetTag(Tags.Downstream, lease.Policy.Downstream);
            if (lease.Reason != RejectionReason.None)
            {
                span.SetTag(Tags.Reason, lease.Reason.Tag());
            }

            // Who left has not been failed.
            if (!lease.IsAdmitted && lease.Reason != RejectionReason.ClientAborted)
            {
                span.SetTag("error.type", lease.Reason.Tag());
                span.SetStatus(ActivityStatusCode.Error);
            }
        }

        span.Dispose();
    }
}
