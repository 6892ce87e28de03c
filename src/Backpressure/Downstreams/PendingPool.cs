using System.Runtime.CompilerServices;

namespace Backpressure.Downstreams;

/// <summary>
/// Nodes that serve again. Anyone returns; only the holder of the gate's lock rents. The first few that
/// come back lie at hand for whoever waits next, and that costs no interlocked operation; the others are linked, and taken all at
/// once.
/// </summary>
/// <remarks>
/// Two who come back at once may both find the same place empty: then one of them is left to the garbage collector. None is given
/// twice, since only one rents at a time and each comes back once.
/// </remarks>
internal sealed class PendingPool
{
    /// <summary>More than this many idle nodes are left to the garbage collector.</summary>
    private const int MaxIdle = 1024;

    private const int PlacesAtHand = 2;

    // Those at hand.
    private Places _places;

    // Taken and not rented yet, by links; the renter's own.
    private PendingAdmission? _ready;

    // Given back, by links.
    private PendingAdmission? _head;

    public PendingAdmission? TryRent()
    {
        for (int i = 0; i < PlacesAtHand; i++)
        {
            if (Volatile.Read(ref _places[i]) is { } atHand)
            {
                Volatile.Write(ref _places[i], null);
                return atHand;
            }
        }

        PendingAdmission? first = _ready;
        if (first is null)
        {
            first = Volatile.Read(ref _head) is null ? null : Interlocked.Exchange(ref _head, null);
            if (first is null)
            {
                return null;
            }
        }

        _ready = first.PoolNext;
        first.PoolNext = null;
        return first;
    }

    public void Return(PendingAdmission pending)
    {
        for (int i = 0; i < PlacesAtHand; i++)
        {
            if (Volatile.Read(ref _places[i]) is null)
            {
                Volatile.Write(ref _places[i], pending);
                return;
            }
        }

        PendingAdmission? head = Volatile.Read(ref _head);
        while (true)
        {
            // The head may be rented and come back meanwhile, at another depth: then the swap fails, or the count is off by a
            // few, which is no harm.
            int depth = head is null ? 1 : head.PoolDepth + 1;
            if (depth > MaxIdle - PlacesAtHand)
            {
                pending.PoolNext = null;
                return;
            }

            pending.PoolNext = head;
            pending.PoolDepth = depth;
            PendingAdmission? seen = Interlocked.CompareExchange(ref _head, pending, head);
            if (seen == head)
            {
                return;
            }

            head = seen;
        }
    }

    [InlineArray(PlacesAtHand)]
    private struct Places
    {
        private PendingAdmission? _element;
    }
}
