using System.Diagnostics;

namespace Backpressure.Admission;

/// <content>How many more it could take, for those who ask before they send.</content>
internal sealed partial class Gate
{
    /// <summary>
    /// How many more requests could come now and be served: free units, and as many places to wait as drain in time. What is in
    /// flight above the limit has to end before any of it.
    /// </summary>
    /// <param name="cost">Units that each of them takes.</param>
    /// <param name="highest">Theirs, and each below it.</param>
    /// <param name="overflow">What they do when it is full.</param>
    /// <param name="maxWait">How long they may wait, in ticks.</param>
    /// <param name="room">Becomes how many of each of these priorities, and not of all of them together.</param>
    public void RoomFor(int cost, Priority highest, Overflow overflow, long maxWait, Span<int> room)
    {
        using (_lock.Hold())
        {
            int free = (int)Math.Floor((double)FreeLocked() / cost);
            for (int i = (int)highest; i < Priorities.Count; i++)
            {
                room[i] = _closed ? 0 : Math.Max(0, free + PlacesLocked((Priority)i, overflow, maxWait));
            }
        }
    }

    // Units; below zero after a cut of the limit. What is free while somebody waits is his.
    private int FreeLocked()
    {
        Debug.Assert(_lock.IsHeld, "Counts are guarded.");
        int free = _word.Limit - _word.InFlight;
        return _queue.Count > 0 ? Math.Min(0, free) : free;
    }

    private int PlacesLocked(Priority priority, Overflow overflow, long maxWait)
    {
        int places = overflow switch
        {
            Overflow.Reject => 0,
            Overflow.Block => _queue.Settings.BlockCapacity - _queue.BlockedCount,
            _ => _queue.Settings.CapacityAt(Nominal) - _queue.SheddableCount,
        };
        double drain = NominalDrainLocked();
        if (drain > 0)
        {
            places = (int)Math.Min(places, (drain * maxWait / _ticksPerSecond) - _queue.CountDownTo(priority));
        }

        return Math.Max(0, places);
    }
}
