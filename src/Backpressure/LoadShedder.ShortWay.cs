using System.Runtime.CompilerServices;
using Backpressure.Downstreams;

namespace Backpressure;

/// <content>The way that most requests take, and where it forks.</content>
public sealed partial class LoadShedder
{
    /// <summary>
    /// Admits in one swap where nothing but the gate has a say and the gate is free. Nothing here can throw, so there is
    /// nothing to guard: what costs time on this way is the clock.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="lease">Written in place when it is admitted; must be empty before.</param>
    /// <returns>Whether it is admitted; if not, nothing has happened and <see cref="AdmitAsync"/> has to be asked.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryAdmitPlain(in AdmissionRequest request, ref AdmissionLease lease)
    {
        ResolvedClass? resolved = request.Class.Resolved;
        if (resolved is not { IsPlain: true }
            || !request.IsPlain
            || !ReferenceEquals(resolved.Settings, Volatile.Read(ref _settings))
            || Volatile.Read(ref _shuttingDown)
            || !resolved.Downstream.Gate.TryEnter(resolved.Policy.Cost))
        {
            return false;
        }

        int weight = resolved.Downstream.Sampling.WeightOf(resolved.Counters.Admitted(resolved.Priority));
        lease.AdmitPlain(resolved);
        if (weight > 0 || RecordsServed)
        {
            lease.TimeFrom(TimeProvider.System.GetTimestamp(), weight);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<AdmissionLease> AdmitByStages(in AdmissionRequest request, CancellationToken cancellationToken)
    {
        ResolvedClass resolved = Resolve(request.Class);
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
