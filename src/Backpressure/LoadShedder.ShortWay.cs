using System.Runtime.CompilerServices;
using Backpressure.Downstreams;

namespace Backpressure;

/// <content>The way that most requests take, and where it forks.</content>
public sealed partial class LoadShedder
{
    /// <summary>
    /// Decides where nothing but the gate has a say: admits by one swap if it is free, and turns away what must not wait if
    /// others were just refused there. There is no lock on this way, and the clock is read only for those that are measured.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="lease">Written in place when it is decided; must be empty before.</param>
    /// <returns>Whether it is decided; if not, nothing has happened and <see cref="AdmitAsync"/> has to be asked.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryDecidePlain(in AdmissionRequest request, ref AdmissionLease lease) =>
        request.IsPlain && TryDecidePlain(request.Class, request.NoWait, ref lease);

    /// <summary>The same for a request of which there is nothing to say but its class.</summary>
    /// <param name="requestClass">Its class.</param>
    /// <param name="noWait">Whether it must not wait, whatever its policy says.</param>
    /// <param name="lease">Written in place when it is decided; must be empty before.</param>
    /// <returns>Whether it is decided.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryDecidePlain(RequestClass requestClass, bool noWait, ref AdmissionLease lease)
    {
        ResolvedClass? resolved = requestClass.Resolved;
        if (resolved is not { IsPlain: true }
            || !ReferenceEquals(resolved.Settings, Volatile.Read(ref _settings))
            || Volatile.Read(ref _shuttingDown))
        {
            return false;
        }

        if (!resolved.Downstream.Gate.TryEnter(resolved.Policy.Cost))
        {
            return (noWait || resolved.Policy.Overflow == Overflow.Reject) && TryTurnAway(resolved, ref lease);
        }

        int weight = resolved.Downstream.Sampling.WeightOf(resolved.Counters.Admitted(resolved.Priority));
        if (weight > 0 || RecordsServed)
        {
            lease.AdmitPlain(resolved, TimeProvider.System.GetTimestamp(), weight);
        }
        else
        {
            lease.AdmitPlain(resolved);
        }

        return true;
    }

    private bool TryTurnAway(ResolvedClass resolved, ref AdmissionLease lease)
    {
        if (!resolved.Downstream.TryTurnAway(resolved.Priority, out int retryAfterSeconds))
        {
            return false;
        }

        lease.RejectPlain(resolved, RejectionReason.LimitReached, retryAfterSeconds);
        resolved.Counters.Rejected(resolved.Priority, RejectionReason.LimitReached);
        if (_metrics.RecordsRetryAfter)
        {
            TellRetryAfter(in lease);
        }

        return true;
    }

    // Where every rejection is logged, each has to be decided the long way.
    private void HangOutSign(ResolvedClass resolved, RejectionReason reason, Priority priority, long now)
    {
        if (reason == RejectionReason.LimitReached && resolved.IsPlain && !_log.TellsOfRejected)
        {
            resolved.Downstream.NoteFull(priority, now);
        }
    }

    private void TellRetryAfter(in AdmissionLease lease)
    {
        try
        {
            _metrics.ToldToRetry(lease.Class.Downstream.Name, lease.Priority, lease.RetryAfter);
        }
        catch (Exception fault)
        {
            NoteFault(fault);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<AdmissionLease> AdmitByStages(in AdmissionRequest request, CancellationToken cancellationToken)
    {
        ResolvedClass resolved = Resolve(request.Class);
        if (resolved.IsPlain && request.IsPlain && !request.NoWait && resolved.Policy.Overflow != Overflow.Reject && !Volatile.Read(ref _shuttingDown))
        {
            return WaitPlain(in request, resolved, cancellationToken);
        }

        return AdmitByAllStages(in request, resolved, cancellationToken);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<AdmissionLease> AdmitByAllStages(in AdmissionRequest request, ResolvedClass resolved, CancellationToken cancellationToken)
    {
        if (resolved.Policy.RateLimit is { Scope: RateLimitScope.Fleet } shared)
        {
            return AdmitByFleet(in request, resolved, shared, cancellationToken);
        }

        var lease = new AdmissionLease(resolved, PriorityOf(request, resolved), CostOf(request, resolved));
        try
        {
            lease.StartAt(Now);
            if (!IsDecidedWithoutGate(ref lease, request))
            {
                return PassGate(ref lease, request, cancellationToken);
            }
        }
        catch (Exception fault)
        {
            FailOpen(ref lease, fault);
        }

        return new ValueTask<AdmissionLease>(lease);
    }
}
