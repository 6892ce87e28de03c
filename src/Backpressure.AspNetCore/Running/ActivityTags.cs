using System.Diagnostics;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Running;

/// <summary>What the current activity is told, when somebody records it.</summary>
internal static class ActivityTags
{
    public static void Add(GatedRequest request)
    {
        if (Activity.Current is not { IsAllDataRequested: true } activity)
        {
            return;
        }

        activity.SetTag("backpressure.decision", request.Decision.Tag());
        activity.SetTag("backpressure.priority", request.Priority.Tag());
        activity.SetTag("backpressure.wait", request.Wait.TotalSeconds);
        activity.SetTag("backpressure.policy", request.Policy);
        activity.SetTag("backpressure.downstream", request.Downstream);
        if (request.Reason != RejectionReason.None)
        {
            activity.SetTag("backpressure.reason", request.Reason.Tag());
        }

        if (request.LimitedBy is { } signal)
        {
            activity.SetTag("backpressure.limited_by", signal);
        }
    }
}
