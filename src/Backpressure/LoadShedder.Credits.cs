using Backpressure.Admission;
using Backpressure.Downstreams;

namespace Backpressure;

/// <content>What callers may be told that they can send.</content>
public sealed partial class LoadShedder
{
    /// <summary>How many more requests like a lease's could come to its gate now and be served in time.</summary>
    /// <param name="lease">A decided one, of a request that is enforced.</param>
    /// <param name="own">1 where the lease holds a slot that comes free and may be used again; else 0.</param>
    internal static int RoomOf(in AdmissionLease lease, out int own)
    {
        ResolvedClass resolved = lease.Class;
        Gate gate = resolved.Downstream.Gate;
        own = lease.HoldsSlot && gate.InFlight <= gate.Limit ? 1 : 0;
        return gate.RoomFor(lease.Priority, resolved.Policy.Overflow, resolved.MaxWait);
    }
}
