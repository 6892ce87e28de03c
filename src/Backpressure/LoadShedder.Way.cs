using System.Diagnostics.CodeAnalysis;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Observability;
using Backpressure.RateLimiting;

namespace Backpressure;

/// <content>The stages of a request's way, in its order.</content>
public sealed partial class LoadShedder
{
    // ---- Classify -------------------------------------------------------------------------------------------------

    private ResolvedClass Resolve(RequestClass requestClass)
    {
        ResolvedClass? resolved = requestClass.Resolved;
        return resolved is not null && ReferenceEquals(resolved.Settings, Settings) ? resolved : ResolveAnew(requestClass);
    }

    private ResolvedClass ResolveAnew(RequestClass requestClass)
    {
        ShedderSettings settings = Settings;
        PolicySettings? policy = requestClass.PolicyName is { } name ? settings.FindPolicy(name) : settings.DefaultPolicy;
        if (policy is null)
        {
            policy = settings.DefaultPolicy;
            _log.UnknownPolicy(requestClass.PolicyName!, requestClass.Route, policy.Name);
        }

        ResolvedClass resolved = _downstreams.Resolve(requestClass, policy, settings);
        requestClass.Resolved = resolved;
        return resolved;
    }

    private static Priority PriorityOf(in AdmissionRequest request, ResolvedClass resolved) =>
        request.Priority is { } priority && priority.IsDefined() ? priority : resolved.Priority;

    private static int CostOf(in AdmissionRequest request, ResolvedClass resolved) =>
        request.Cost == 0 ? resolved.Policy.Cost : Math.Clamp(request.Cost, 1, AdmissionRequest.MaxCost);

    // ---- Rate limit, and all else that can be said before a gate is asked ---------------------------------------------

    private bool IsDecidedWithoutGate(ref AdmissionLease lease, in AdmissionRequest request) =>
        IsDecidedAtOnce(ref lease, request) || IsRateLimited(ref lease, request) || IsAboveCeiling(ref lease, lease.Class);

    private bool IsDecidedAtOnce(ref AdmissionLease lease, in AdmissionRequest request)
    {
        ResolvedClass resolved = lease.Class;
        if (resolved.Mode == BackpressureMode.Off)
        {
            lease.Bypass();
            resolved.Counters.Bypassed(lease.Priority);
            return true;
        }

        if (resolved.Exempt)
        {
            resolved.Downstream.EnterExempt();
            lease.Exempted();
            resolved.Counters.Exempt(lease.Priority);
            return true;
        }

        return IsShutOut(ref lease) || IsTooLate(ref lease, request);
    }

    private bool IsShutOut(ref AdmissionLease lease) =>
        Volatile.Read(ref _shuttingDown) && Refuse(ref lease, new Refusal(RejectionReason.ShuttingDown, RetryAfterBook.MinSeconds));

    // Nobody waits for the answer any more: however free the gate, to do the work would be waste.
    private bool IsTooLate(ref AdmissionLease lease, in AdmissionRequest request) =>
        request.TimeLeft is { } left && left <= TimeSpan.Zero
        && Refuse(ref lease, new Refusal(RejectionReason.DeadlineExceeded, RetryAfterBook.MinSeconds));

    private bool IsRateLimited(ref AdmissionLease lease, in AdmissionRequest request)
    {
        if (lease.Policy.RateLimit is not { } limit)
        {
            return false;
        }

        bool isAcquired = _rateLimits.TryAcquire(limit, request.Partition, out RateLimitPermit permit, out TimeSpan retryAfter, out RateLimitStatus? status);
        return IsRefused(ref lease, isAcquired, permit, retryAfter, status);
    }

    private bool IsRefused(ref AdmissionLease lease, bool isAcquired, RateLimitPermit permit, TimeSpan retryAfter, RateLimitStatus? status)
    {
        if (!isAcquired)
        {
            return Refuse(ref lease, new Refusal(RejectionReason.RateLimited, (int)Math.Ceiling(retryAfter.TotalSeconds)), status);
        }

        if (permit.IsHeld)
        {
            lease.HoldPermit(permit);
        }

        return false;
    }

    private bool IsAboveCeiling(ref AdmissionLease lease, ResolvedClass resolved)
    {
        if (resolved.Settings.MaxConcurrentRequests is not { } ceiling)
        {
            return false;
        }

        // What is only observed must not keep out what is enforced; it is asked whether it would have been one too many.
        bool observed = resolved.Mode == BackpressureMode.Observe;
        long inSystem = observed
            ? Interlocked.Increment(ref _observedInSystem) + Volatile.Read(ref _inSystem)
            : Interlocked.Increment(ref _inSystem);
        if (inSystem <= ceiling)
        {
            lease.HoldCeiling();
            return false;
        }

        LeaveCeiling(observed);
        return Refuse(ref lease, resolved.Downstream.Gate.Refuse(RejectionReason.HostCeilingReached, lease.Priority, Now));
    }

    // ---- Admit or queue ---------------------------------------------------------------------------------------------

    private ValueTask<AdmissionLease> PassGate(ref AdmissionLease lease, in AdmissionRequest request, CancellationToken cancellationToken)
    {
        ResolvedClass resolved = lease.Class;
        if (resolved.Mode == BackpressureMode.Observe)
        {
            Observe(ref lease, request, resolved);
            return new ValueTask<AdmissionLease>(lease);
        }

        if (resolved.Downstream.Gate.TryEnter(lease.Cost))
        {
            Admit(ref lease, resolved);
            return new ValueTask<AdmissionLease>(lease);
        }

        return Arrive(ref lease, request, resolved, cancellationToken);
    }

    private static void Admit(ref AdmissionLease lease, ResolvedClass resolved)
    {
        lease.Admit(slot: true);
        long number = resolved.Counters.Admitted(lease.Priority);
        if (resolved.IsPlain)
        {
            lease.Weigh(resolved.Downstream.Sampling.WeightOf(number));
        }

        if (resolved.Downstream.Shadow is { } shadow)
        {
            lease.Mirror(shadow);
        }
    }

    // A shadow gate decides and counts; nothing is held back.
    private void Observe(ref AdmissionLease lease, in AdmissionRequest request, ResolvedClass resolved)
    {
        lease.Admit(slot: false);
        if (resolved.Downstream.Shadow is not { } shadow)
        {
            // A reload has just taken the shadow away; the next request knows.
            resolved.Counters.Admitted(lease.Priority);
            return;
        }

        Refusal refusal = default;
        Waiter? queued = null;
        ArrivalResult result = shadow.Gate.TryEnter(lease.Cost)
            ? ArrivalResult.Admitted
            : shadow.Arrive(
                ArrivalOf(lease.Priority, lease.Cost, lease.StartedAt, request, resolved), lease.StartedAt, out queued, out refusal);
        switch (result)
        {
            case ArrivalResult.Admitted:
                lease.AdmitInShadow(shadow);
                resolved.Counters.Admitted(lease.Priority);
                break;
            case ArrivalResult.Queued:
                var wait = (ShadowAdmission)queued!;
                lease.WaitInShadow(wait);
                wait.CountOn(resolved.Counters);
                break;
            default:
                if (!Refuse(ref lease, refusal))
                {
                    resolved.Counters.Admitted(lease.Priority);
                }

                break;
        }
    }

    // ---- Refuse, and observe ------------------------------------------------------------------------------------------

    /// <returns>Whether the request is refused: <see langword="false"/> only where a shutdown cannot hold back what is observed.</returns>
    private bool Refuse(ref AdmissionLease lease, Refusal refusal, RateLimitStatus? status = null)
    {
        ResolvedClass resolved = lease.Class;
        if (resolved.Mode == BackpressureMode.Observe)
        {
            if (refusal.Reason == RejectionReason.ShuttingDown)
            {
                return false;
            }

            lease.WouldReject(refusal.Reason);
            resolved.Downstream.EnterObserved();
            resolved.Counters.WouldReject(lease.Priority, refusal.Reason);
            return true;
        }

        lease.Reject(refusal.Reason, refusal.RetryAfterSeconds, status);
        resolved.Counters.Rejected(lease.Priority, refusal.Reason);
        if (refusal.Reason == RejectionReason.ClientAborted)
        {
            return true;
        }

        try
        {
            _metrics.ToldToRetry(resolved.Downstream.Name, lease.Priority, lease.RetryAfter);
            _log.Rejected(resolved.Route, resolved.Policy.Name, resolved.Downstream.Name, lease.Priority, refusal.Reason, refusal.RetryAfterSeconds);
            if (refusal.Reason is not (RejectionReason.RateLimited or RejectionReason.ShuttingDown))
            {
                resolved.Downstream.NoteRefusal(lease.StartedAt);
            }

            HangOutSign(resolved, refusal.Reason, lease.Priority, lease.StartedAt);
        }
        catch (Exception fault)
        {
            // Not failing open: the decision has fallen, only the telling of it went wrong.
            NoteFault(fault);
        }

        return true;
    }

    private void FailOpen(ref AdmissionLease lease, Exception fault)
    {
        lease.FailOpen();
        lease.Class.Downstream.EnterFailedOpen();
        lease.Class.Counters.FailedOpen(lease.Priority);
        _log.FailedOpen(lease.Class.Route, fault);
    }

    // A reload that came between this request's classification and its place in the queue has not seen it there.
    private void LetThroughAfterReload(Downstream downstream)
    {
        ShedderSettings settings = Settings;
        try
        {
            downstream.Release(waiter => !IsDecidedBy(downstream, waiter, settings));
        }
        catch (Exception fault)
        {
            // It waits already, so it must not be let through by failing open as well.
            NoteFault(fault);
        }
    }

    // A gate decides over those whose policy is enforced, a shadow over those whose policy is observed.
    private static bool IsDecidedBy(Downstream gate, Waiter waiter, ShedderSettings settings)
    {
        // A policy that is gone has the default policy in its place.
        PolicySettings policy = settings.FindPolicy(waiter.Policy) ?? settings.DefaultPolicy;
        return policy.Mode == (gate.IsShadow ? BackpressureMode.Observe : BackpressureMode.Enforce) && !policy.Exempt;
    }
}
