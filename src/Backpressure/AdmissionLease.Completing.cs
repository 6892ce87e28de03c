using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.RateLimiting;

namespace Backpressure;

/// <content>Giving back what it holds.</content>
public partial struct AdmissionLease
{
    private const long NoSample = -1;

    // It holds nothing but its slot, and nobody learns from it.
    private void CompletePlain(ResolvedClass resolved)
    {
        _bits.Holds = LeaseHolds.Completed;
        if (resolved.Downstream.Leave(_bits.Cost))
        {
            FollowUp(resolved);
        }
    }

    // It holds nothing but its slot, and its clock is known not to throw.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    private void CompleteMeasured(Outcome outcome, bool latencyIsSample)
    {
        _bits.Holds = LeaseHolds.Completed;
        ResolvedClass resolved = _class!;

        // Whoever is only charged, or waits for its units, needs no finer time than one that arrives.
        bool recordsServed = resolved.Owner.RecordsServed;
        long now = _bits.Weight > 0 || recordsServed ? TimeProvider.System.GetTimestamp() : resolved.Downstream.PassingTime();
        long held = now - StartedAt;
        long latency = RespondedAt == 0 ? held : RespondedAt - StartedAt;
        try
        {
            long sample = latencyIsSample ? latency : NoSample;
            if (Charged == 0)
            {
                resolved.Downstream.Complete(_bits.Cost, resolved.RouteIndex, sample, outcome, now, _bits.Weight, held);
            }
            else
            {
                resolved.Downstream.Complete(_bits.Cost, resolved.RouteIndex, sample, outcome, now, ChargeAt(now), _bits.Weight, held);
            }

            if (recordsServed)
            {
                resolved.Owner.RecordServed(resolved, Priority, outcome, latency);
            }
        }
        catch (Exception fault)
        {
            resolved.Owner.NoteFault(fault);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    private static void FollowUp(ResolvedClass resolved)
    {
        try
        {
            resolved.Downstream.FollowUp(waiters: true, resolved.Owner.Now);
        }
        catch (Exception fault)
        {
            resolved.Owner.NoteFault(fault);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A fault of our own, or of a listener to our metrics, must neither keep a slot nor reach the response.")]
    private void CompleteAll(Outcome outcome, bool latencyIsSample)
    {
        LoadShedder owner = _class!.Owner;
        try
        {
            long now = owner.Now;
            long latency = LatencyUntil(RespondedAt == 0 ? now : RespondedAt);
            LeaveGates(outcome, latencyIsSample ? latency : NoSample, now);
            if (outcome == Outcome.Dropped && LivesLong)
            {
                NoteDroppedLate(now);
            }

            if (owner.RecordsServed && Decision == AdmissionDecision.Admitted && latency != NoSample)
            {
                owner.RecordServed(_class, Priority, outcome, latency);
            }
        }
        catch (Exception fault)
        {
            owner.NoteFault(fault);
            LeaveGates(Outcome.Ignored, NoSample, StartedAt);
        }
        finally
        {
            GiveBackTheRest();
            _bits.Holds = LeaseHolds.Completed;
        }
    }

    private readonly long LatencyUntil(long time) => (_bits.Holds & LeaseHolds.Untimed) == 0 ? time - StartedAt : NoSample;

    private void LeaveGates(Outcome outcome, long latency, long now)
    {
        if ((_bits.Holds & LeaseHolds.Slot) != 0)
        {
            _bits.Holds &= ~LeaseHolds.Slot;
            Downstream downstream = _class!.Downstream;
            long held = LatencyUntil(now);
            if (Charged == 0)
            {
                downstream.Complete(_bits.Cost, _class.RouteIndex, latency, outcome, now, _bits.Weight, held);
            }
            else
            {
                downstream.Complete(_bits.Cost, _class.RouteIndex, latency, outcome, now, ChargeAt(now), _bits.Weight, held);
            }
        }

        if (Shadow is not null)
        {
            LeaveShadow(outcome, latency, now);
        }
    }

    private void LeaveShadow(Outcome outcome, long latency, long now)
    {
        // Whoever still waits in the shadow ends with its request; if the shadow has decided, it may hold units there.
        object other = Shadow!;
        Downstream shadow;
        bool holdsUnits;
        long held = LatencyUntil(now);
        ServiceCharge charge = ServiceCharge.None;
        if (other is ShadowAdmission wait)
        {
            shadow = wait.Shadow;
            holdsUnits = !shadow.TryCancel(wait, now) && wait.State == WaiterState.Admitted;
            held = now - wait.DecidedAt;
            charge = ServiceCharge.Of(wait, held, _bits.Cost);
        }
        else
        {
            shadow = (Downstream)other;
            holdsUnits = true;
        }

        Shadow = null;
        _bits.Holds &= ~LeaseHolds.ShadowSlot;
        if (holdsUnits)
        {
            if (charge.Charged == 0)
            {
                shadow.Complete(_bits.Cost, _class!.ShadowRouteIndex, latency, outcome, now, _bits.Weight, held);
            }
            else
            {
                shadow.Complete(_bits.Cost, _class!.ShadowRouteIndex, latency, outcome, now, charge, _bits.Weight, held);
            }
        }
    }

    /// <summary>
    /// Its slot was given back when its response began, as a success; now its downstream has timed out or refused all the same.
    /// </summary>
    internal readonly void NoteDroppedLate(long now)
    {
        if (Decision == AdmissionDecision.Admitted)
        {
            (_class!.Mode == BackpressureMode.Observe ? _class.Downstream.Shadow : _class.Downstream)?.DropLate(now);
        }
    }

    private readonly ServiceCharge ChargeAt(long now) =>
        new(Priority, Hand, (long)Charged, Math.Max(0, now - StartedAt) * _bits.Cost, StartedAt);

    private void GiveBackTheRest()
    {
        if ((_other is Others others ? others.RateLimit : _other) is RateLimitPermit permit)
        {
            _other = null;
            permit.Dispose();
        }

        if ((_bits.Holds & LeaseHolds.Ceiling) != 0)
        {
            _class!.Owner.LeaveCeiling(_class.Mode == BackpressureMode.Observe);
        }

        if ((_bits.Holds & LeaseHolds.LongLived) != 0)
        {
            _class!.Downstream.LeaveLongLived();
        }

        if ((_bits.Holds & LeaseHolds.Exempt) != 0)
        {
            _class!.Downstream.LeaveExempt();
        }

        if ((_bits.Holds & LeaseHolds.Observed) != 0)
        {
            _class!.Downstream.LeaveObserved();
        }

        if ((_bits.Holds & LeaseHolds.FailedOpen) != 0)
        {
            _class!.Downstream.LeaveFailedOpen();
        }
    }

    // An observed request under a rate limit has both.
    private sealed record Others(object Shadow, object RateLimit);
}
