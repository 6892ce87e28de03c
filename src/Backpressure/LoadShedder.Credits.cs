using Backpressure.Admission;
using Backpressure.Downstreams;

namespace Backpressure;

/// <content>What callers may be told that they can send.</content>
public sealed partial class LoadShedder
{
    /// <summary>How many more requests like a lease's could come to its gate now and be served in time.</summary>
    /// <param name="lease">A decided one, of a request that is enforced.</param>
    /// <param name="room">Becomes how many of its priority, and of each below it; those above stay as they are.</param>
    /// <returns>1 where the lease has a slot that may be used again, or had it and nobody else has it yet; else 0.</returns>
    internal static int RoomOf(in AdmissionLease lease, Span<int> room)
    {
        ResolvedClass resolved = lease.Class;
        Gate gate = resolved.Downstream.Gate;
        gate.RoomFor(Math.Max(1, lease.Cost), lease.Priority, resolved.Policy.Overflow, resolved.MaxWait, room);
        if (lease.HoldsSlot)
        {
            return gate.InFlight <= gate.Limit ? 1 : 0;
        }

        // A response without a body starts when its slot is free already, and counted in the room.
        int own = lease.IsAdmitted ? Math.Min(1, room[(int)lease.Priority]) : 0;
        for (int i = (int)lease.Priority; i < Priorities.Count; i++)
        {
            room[i] = Math.Max(0, room[i] - own);
        }

        return own;
    }

    /// <summary>The caller of a lease's request holds others back because it was told that there is no room for them.</summary>
    internal static void NoteHeldBack(in AdmissionLease lease) => lease.Class.Downstream.NoteHeldBack(lease.Priority);
}
