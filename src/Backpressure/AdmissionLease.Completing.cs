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
        _holds = Holds.Completed;
        if (resolved.Downstream.Leave(_cost))
        {
            FollowUp(resolved);
        }
    }

    // It holds nothing but its slot, and its clock is known not to throw.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    private void CompleteMeasured(Outcome outcome, bool latencyIsSample)
    {
        _holds = Holds.Completed;
        ResolvedClass resolved = _class!;
        long now = TimeProvider.System.GetTimestamp();
        long latency = (_respondedAt == 0 ? now : _respondedAt) - _startedAt;
        try
        {
            long sample = latencyIsSample ? latency : NoSample;
            if (_charged == 0)
            {
                resolved.Downstream.Complete(_cost, resolved.RouteIndex, sample, outcome, now, _weight);
            }
            else
            {
                resolved.Downstream.Complete(_cost, resolved.RouteIndex, sample, outcome, now, _weight, ChargeAt(now));
            }

            if (resolved.Owner.RecordsServed)
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
            long latency = LatencyUntil(_respondedAt == 0 ? now : _respondedAt);
            LeaveGates(outcome, latencyIsSample ? latency : NoSample, now);
            if (owner.RecordsServed && Decision == AdmissionDecision.Admitted && latency != NoSample)
            {
                owner.RecordServed(_class, Priority, outcome, latency);
            }
        }
        catch (Exception fault)
        {
            owner.NoteFault(fault);
            LeaveGates(Outcome.Ignored, NoSample, _startedAt);
        }
        finally
        {
            GiveBackTheRest();
            _holds = Holds.Completed;
        }
    }

    private readonly long LatencyUntil(long time) => (_holds & Holds.Untimed) == 0 ? time - _startedAt : NoSample;

    private void LeaveGates(Outcome outcome, long latency, long now)
    {
        if ((_holds & Holds.Slot) != 0)
        {
            _holds &= ~Holds.Slot;
            Downstream downstream = _class!.Downstream;
            if (_charged == 0)
            {
                downstream.Complete(_cost, _class.RouteIndex, latency, outcome, now, _weight);
            }
            else
            {
                downstream.Complete(_cost, _class.RouteIndex, latency, outcome, now, _weight, ChargeAt(now));
            }
        }

        if (_shadow is not null)
        {
            LeaveShadow(outcome, latency, now);
        }
    }

    private void LeaveShadow(Outcome outcome, long latency, long now)
    {
        // Whoever still waits in the shadow ends with its request; if the shadow has decided, it may hold units there.
        Downstream shadow;
        bool holdsUnits;
        ServiceCharge charge = ServiceCharge.None;
        if (_shadow is ShadowAdmission wait)
        {
            shadow = wait.Shadow;
            holdsUnits = !shadow.TryCancel(wait, now) && wait.State == WaiterState.Admitted;
            charge = ServiceCharge.Of(wait, now - wait.DecidedAt, _cost);
        }
        else
        {
            shadow = (Downstream)_shadow!;
            holdsUnits = true;
        }

        _shadow = null;
        _holds &= ~Holds.ShadowSlot;
        if (holdsUnits)
        {
            if (charge.Charged == 0)
            {
                shadow.Complete(_cost, _class!.ShadowRouteIndex, latency, outcome, now, _weight);
            }
            else
            {
                shadow.Complete(_cost, _class!.ShadowRouteIndex, latency, outcome, now, _weight, charge);
            }
        }
    }

    private readonly ServiceCharge ChargeAt(long now) =>
        new(Priority, new PartitionHand(_hand), (long)_charged, Math.Max(0, now - _startedAt) * _cost);

    private void GiveBackTheRest()
    {
        if (_rateLimit is RateLimitPermit permit)
        {
            _rateLimit = null;
            permit.Dispose();
        }

        if ((_holds & Holds.Ceiling) != 0)
        {
            _class!.Owner.LeaveCeiling(_class.Mode == BackpressureMode.Observe);
        }

        if ((_holds & Holds.LongLived) != 0)
        {
            _class!.Downstream.LeaveLongLived();
        }

        if ((_holds & Holds.Exempt) != 0)
        {
            _class!.Downstream.LeaveExempt();
        }

        if ((_holds & Holds.Observed) != 0)
        {
            _class!.Downstream.LeaveObserved();
        }

        if ((_holds & Holds.FailedOpen) != 0)
        {
            _class!.Downstream.LeaveFailedOpen();
        }
    }
}
