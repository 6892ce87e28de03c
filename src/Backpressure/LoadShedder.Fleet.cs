using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.RateLimiting;

namespace Backpressure;

/// <content>
/// The way of a request whose rate limit all replicas share: the stages are those of every other, but the second of them may have to
/// ask a store, and so the rest comes later.
/// </content>
public sealed partial class LoadShedder
{
    private ValueTask<AdmissionLease> AdmitByFleet(
        in AdmissionRequest request, ResolvedClass resolved, RateLimitSettings shared, CancellationToken cancellationToken)
    {
        var lease = new AdmissionLease(resolved, PriorityOf(request, resolved), CostOf(request, resolved));
        try
        {
            lease.StartAt(Now);
            if (!IsDecidedAtOnce(ref lease, request))
            {
                ValueTask<RateLimitVerdict> asked = _rateLimits.AcquireFromFleetAsync(shared, request.Partition);
                return asked.IsCompletedSuccessfully
                    ? GoOnFromFleet(ref lease, request, asked.Result, cancellationToken)
                    : AwaitFleetAsync(lease, request, asked, cancellationToken);
            }
        }
        catch (Exception fault)
        {
            FailOpen(ref lease, fault);
        }

        return new ValueTask<AdmissionLease>(lease);
    }

    private async ValueTask<AdmissionLease> AwaitFleetAsync(
        AdmissionLease lease, AdmissionRequest request, ValueTask<RateLimitVerdict> asked, CancellationToken cancellationToken)
    {
        ValueTask<AdmissionLease> admission;
        try
        {
            RateLimitVerdict verdict = await asked;

            // What the store took is gone from the caller's time, and is no part of the service's.
            long now = Now;
            TimeSpan? left = request.TimeLeft - ToTimeSpan(now - lease.StartedAt);
            lease.StartAt(now);
            admission = GoOnFromFleet(ref lease, request with { TimeLeft = left }, verdict, cancellationToken);
        }
        catch (Exception fault)
        {
            FailOpen(ref lease, fault);
            return lease;
        }

        return await admission;
    }

    private ValueTask<AdmissionLease> GoOnFromFleet(
        ref AdmissionLease lease, in AdmissionRequest request, in RateLimitVerdict verdict, CancellationToken cancellationToken)
    {
        // The world may be another one by now; what was spent is spent.
        return IsRefused(ref lease, verdict.IsAcquired, verdict.Permit, verdict.RetryAfter, verdict.Status)
            || IsShutOut(ref lease) || IsTooLate(ref lease, request) || IsAboveCeiling(ref lease, lease.Class)
                ? new ValueTask<AdmissionLease>(lease)
                : PassGate(ref lease, request, cancellationToken);
    }
}
