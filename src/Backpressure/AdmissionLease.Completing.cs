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
    // Holds nothing but its slot, and by a clock that does not throw: guarded is only what may follow from it.
    private void CompletePlain(ResolvedClass resolved, Outcome outcome, bool latencyIsSample)
    {
        _holds = Holds.Completed;
        long now = TimeProvider.System.GetTimestamp();
        long latency = (_respondedAt == 0 ? now : _respondedAt) - _startedAt;
        Downstream downstream = resolved.Downstream;
        bool waiters = downstream.Leave(_cost, resolved.RouteIndex, latencyIsSample ? latency : -1, outcome, out uint sequence);
        if (waiters || downstream.Controller.IsDue(sequence, now) || resolved.Owner.RecordsServed)
        {
            FollowUp(waiters, sequence, outcome, latency, now);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    private readonly void FollowUp(bool waiters, uint sequence, Outcome outcome, long latency, long now)
    {
        LoadShedder owner = _class!.Owner;
        try
        {
            _class.Downstream.FollowUp(waiters, sequence, now, ChargeAt(now));
            owner.RecordServed(_class, Priority, outcome, latency);
        }
        catch (Exception fault)
        {
            owner.NoteFault(fault);
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
            long latency = (_respondedAt == 0 ? now : _respondedAt) - _startedAt;
            LeaveGates(outcome, latencyIsSample ? latency : -1, now);
            if (Decision == AdmissionDecision.Admitted)
            {
                owner.RecordServed(_class, Priority, outcome, latency);
            }
        }
        catch (Exception fault)
        {
            owner.NoteFault(fault);
            LeaveGates(Outcome.Ignored, latency: -1, _startedAt);
        }
        finally
        {
            GiveBackTheRest();
            _holds = Holds.Completed;
        }
    }

    private void LeaveGates(Outcome outcome, long latency, long now)
    {
        if ((_holds & Holds.Slot) != 0)
        {
            _holds &= ~Holds.Slot;
            _class!.Downstream.Complete(_cost, _class.RouteIndex, latency, outcome, now, ChargeAt(now));
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
            shadow.Complete(_cost, _class!.ShadowRouteIndex, latency, outcome, now, charge);
        }
    }

    private readonly ServiceCharge ChargeAt(long now) =>
        _charged == 0
            ? ServiceCharge.None
            : new ServiceCharge(Priority, new PartitionHand(_hand), (long)_charged, Math.Max(0, now - _startedAt) * _cost);

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
