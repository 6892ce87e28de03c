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
        Arrival arrival = ArrivalOf(lease, request, resolved);
        ArrivalResult result = resolved.Downstream.Arrive(in arrival, lease.StartedAt, out Waiter? queued, out Refusal refusal);
        if (result != ArrivalResult.Queued)
        {
            return Answer(ref lease, resolved, result, refusal);
        }

        ValueTask<AdmissionLease> wait = ((PendingAdmission)queued!).WaitAsync(lease.Park(), cancellationToken);
        if (!ReferenceEquals(resolved.Settings, Settings))
        {
            LetThroughAfterReload(resolved.Downstream);
        }

        return wait;
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

    private Arrival ArrivalOf(in AdmissionLease lease, in AdmissionRequest request, ResolvedClass resolved)
    {
        Overflow overflow = request.NoWait ? Overflow.Reject : resolved.Policy.Overflow;
        ulong partition = overflow == Overflow.Reject ? 0 : PartitionOf(request, resolved);
        return new Arrival
        {
            Priority = lease.Priority,
            Overflow = overflow,
            Cost = lease.Cost,
            MaxWait = resolved.MaxWait,
            Deadline = DeadlineOf(request, lease.StartedAt),
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
