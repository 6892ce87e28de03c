using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Backpressure.Downstreams;

namespace Backpressure;

/// <content>What a gate that is full needs to know of a request; a free one is told only its cost.</content>
public sealed partial class LoadShedder
{
    private ValueTask<AdmissionLease> Arrive(
        ref AdmissionLease lease, in AdmissionRequest request, ResolvedClass resolved, CancellationToken cancellationToken)
    {
        Arrival arrival = ArrivalOf(lease.Priority, lease.Cost, lease.StartedAt, request, resolved);
        ArrivalResult result = resolved.Downstream.Arrive(in arrival, lease.StartedAt, out Waiter? queued, out Refusal refusal);
        if (result != ArrivalResult.Queued)
        {
            return Answer(ref lease, resolved, result, refusal);
        }

        return BeginWait(queued!, lease.Park(), resolved, cancellationToken).Answer;
    }

    // Nothing but the gate has a say, and it was full a moment ago. There is no lease before there is an answer: to carry one
    // along costs more than to get in line.
    private ValueTask<AdmissionLease> WaitPlain(in AdmissionRequest request, ResolvedClass resolved, CancellationToken cancellationToken)
    {
        long now = 0;
        Waiter? queued;
        ArrivalResult result;
        Refusal refusal;
        try
        {
            now = resolved.Downstream.PassingTime();
            result = ArrivePlain(in request, resolved, now, out queued, out refusal);
            if (queued is not null)
            {
                BeginWait(queued, new ParkedLease(resolved, null, LeaseHolds.Nothing), resolved, cancellationToken);
            }
        }
        catch (Exception fault)
        {
            return LetThroughPlain(resolved, now, fault);
        }

        // Not as one expression, which would be kept and then copied.
        if (queued is null)
        {
            return AnswerPlain(resolved, now, result, refusal);
        }

        return AnswerOf(queued);
    }

    // Apart, or each step on its way back copies it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ValueTask<AdmissionLease> AnswerOf(Waiter queued) => ((PendingAdmission)queued).Answer;

    // Apart from what catches faults: what lives across the end of that is kept in memory.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ArrivalResult ArrivePlain(in AdmissionRequest request, ResolvedClass resolved, long now, out Waiter? queued, out Refusal refusal)
    {
        Arrival arrival = ArrivalOf(resolved.Priority, resolved.Policy.Cost, resolved.Policy.Overflow, Arrival.Never, request, resolved);
        return resolved.Downstream.Arrive(in arrival, now, out queued, out refusal);
    }

    private PendingAdmission BeginWait(Waiter queued, in ParkedLease lease, ResolvedClass resolved, CancellationToken cancellationToken)
    {
        var pending = (PendingAdmission)queued;
        pending.Park(in lease, cancellationToken);
        if (!ReferenceEquals(resolved.Settings, Settings))
        {
            LetThroughAfterReload(resolved.Downstream);
        }

        return pending;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<AdmissionLease> AnswerPlain(ResolvedClass resolved, long now, ArrivalResult result, Refusal refusal)
    {
        var lease = new AdmissionLease(resolved, resolved.Priority, resolved.Policy.Cost);
        try
        {
            lease.StartAt(now);
            return Answer(ref lease, resolved, result, refusal);
        }
        catch (Exception fault)
        {
            FailOpen(ref lease, fault);
            return new ValueTask<AdmissionLease>(lease);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<AdmissionLease> LetThroughPlain(ResolvedClass resolved, long now, Exception fault)
    {
        var lease = new AdmissionLease(resolved, resolved.Priority, resolved.Policy.Cost);
        lease.StartAt(now);
        FailOpen(ref lease, fault);
        return new ValueTask<AdmissionLease>(lease);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<AdmissionLease> Answer(ref AdmissionLease lease, ResolvedClass resolved, ArrivalResult result, Refusal refusal)
    {
        if (result == ArrivalResult.Refused)
        {
            Refuse(ref lease, refusal);
        }
        else
        {
            // Its service begins now, and it may have come with the time of another.
            lease.StartAt(resolved.IsPlain ? Now : lease.StartedAt);
            Admit(ref lease, resolved);
        }

        return new ValueTask<AdmissionLease>(lease);
    }

    private Arrival ArrivalOf(Priority priority, int cost, long now, in AdmissionRequest request, ResolvedClass resolved) =>
        ArrivalOf(priority, cost, request.NoWait ? Overflow.Reject : resolved.Policy.Overflow, DeadlineOf(request, now), request, resolved);

    private Arrival ArrivalOf(Priority priority, int cost, Overflow overflow, long deadline, in AdmissionRequest request, ResolvedClass resolved)
    {
        ulong partition = overflow == Overflow.Reject ? 0 : PartitionOf(request, resolved);
        return new Arrival
        {
            Priority = priority,
            Overflow = overflow,
            Cost = cost,
            MaxWait = resolved.MaxWait,
            Deadline = deadline,
            UsualService = resolved.Downstream.Meter.UsualLatencyTicks(resolved.RouteIndex),
            Policy = resolved.Policy.Name,
            Nested = request.Nested,
            Partition = partition,
            Cohort = resolved.ShedsSameUsers ? PartitionHash.CohortOf(partition, _time.GetUtcNow()) : (byte)0,
        };
    }

    private ulong PartitionOf(in AdmissionRequest request, ResolvedClass resolved) =>
        request.PartitionSource is { } source && PartitionReader is { } reader
            ? reader(source, resolved.Policy.PartitionBy)
            : PartitionHash.Of(request.Partition);

    private long DeadlineOf(in AdmissionRequest request, long now)
    {
        if (request.TimeLeft is not { } left)
        {
            return Arrival.Never;
        }

        double ticks = left.TotalSeconds * _time.TimestampFrequency;
        return ticks >= Arrival.Never - now ? Arrival.Never : now + Math.Max(0, (long)ticks);
    }
}
