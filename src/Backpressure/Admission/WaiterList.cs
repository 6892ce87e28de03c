using System.Diagnostics;

namespace Backpressure.Admission;

/// <summary>A doubly linked list of waiters, oldest first. Guarded by its gate's lock.</summary>
internal struct WaiterList
{
    public Waiter? Oldest { get; private set; }

    public Waiter? Newest { get; private set; }

    public int Count { get; private set; }

    public void Append(Waiter waiter)
    {
        Debug.Assert(waiter.Next is null && waiter.Previous is null, "A waiter stands in one list at a time.");
        waiter.Previous = Newest;
        if (Newest is null)
        {
            Oldest = waiter;
        }
        else
        {
            Newest.Next = waiter;
        }

        Newest = waiter;
        Count++;
    }

    public void Remove(Waiter waiter)
    {
        Debug.Assert(Count > 0 && (waiter.Previous is not null || Oldest == waiter), "It must stand in this list.");
        if (waiter.Previous is null)
        {
            Oldest = waiter.Next;
        }
        else
        {
            waiter.Previous.Next = waiter.Next;
        }

        if (waiter.Next is null)
        {
            Newest = waiter.Previous;
        }
        else
        {
            waiter.Next.Previous = waiter.Previous;
        }

        waiter.Next = waiter.Previous = null;
        Count--;
    }
}
