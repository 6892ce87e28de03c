using System.Diagnostics.CodeAnalysis;
using Backpressure.Admission;
using Backpressure.Downstreams;

namespace Backpressure;

/// <content>Finding out what it really takes.</content>
public partial struct AdmissionLease
{
    /// <summary>
    /// Says how many units of the limit the request really takes, which may be known only once it runs (a query without an
    /// index, an export of everything). It holds so many from now: more even where that goes beyond the limit, which others then
    /// wait for; fewer, and those that wait get them. Its partition is charged with its service time times this
    /// in place of what it came with, if it has waited. Nothing happens unless it is running: before it is admitted, after
    /// <see cref="Complete"/>, and when it never held a slot (exempt, bypassed, observed and still waiting in the shadow).
    /// </summary>
    /// <param name="cost">1 to 1000; values beyond the range are taken as the nearest bound.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    public void CorrectCost(int cost)
    {
        int more = Math.Clamp(cost, 1, AdmissionRequest.MaxCost) - _bits.Cost;
        Gate? gate = (_bits.Holds & LeaseHolds.Slot) != 0 ? _class!.Downstream.Gate : null;
        var shadow = Shadow as Downstream;
        if (more == 0 || (gate is null && shadow is null))
        {
            return;
        }

        bool waiters = false;
        bool shadowWaiters = false;
        if (more < 0)
        {
            waiters = gate is not null && gate.GiveBack(-more);
            shadowWaiters = shadow is not null && shadow.Gate.GiveBack(-more);
        }
        else if (gate is not null && !gate.TryAdd(more))
        {
            return;
        }
        else if (shadow is not null && !shadow.Gate.TryAdd(more))
        {
            gate?.GiveBack(more);
            return;
        }

        _bits.Cost += more;
        try
        {
            NoteHeldBefore(more, gate is not null, shadow);
            if (waiters)
            {
                HandOver(gate!);
            }

            if (shadowWaiters)
            {
                HandOver(shadow!.Gate);
            }
        }
        catch (Exception fault)
        {
            _class!.Owner.NoteFault(fault);
        }
    }

    private readonly void NoteHeldBefore(int more, bool holdsSlot, Downstream? shadow)
    {
        if (_bits.Weight == 0 || (_bits.Holds & LeaseHolds.Untimed) != 0)
        {
            return;
        }

        long now = _class!.Owner.Now;
        if (holdsSlot)
        {
            _class.Downstream.Meter.Reweighed(more, StartedAt, now, _bits.Weight);
        }

        shadow?.Meter.Reweighed(more, StartedAt, now, _bits.Weight);
    }

    private readonly void HandOver(Gate gate)
    {
        DecidedWaiters decided = default;
        gate.HandOver(_class!.Owner.Now, ref decided);
        decided.Tell();
    }
}
