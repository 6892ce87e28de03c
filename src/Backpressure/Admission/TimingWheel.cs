using System.Numerics;

namespace Backpressure.Admission;

/// <summary>
/// Finds the waiters whose time is over without a timer each, where their order in the queue does not tell (see
/// <see cref="WaiterList.Append"/>): slots of 4 to 8 ms around a wheel of 1 to 2 s; those further away stay in their slot for
/// another turn. Add and remove are O(1). Guarded by its gate's lock.
/// </summary>
/// <remarks>Source: Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987, scheme 6.</remarks>
internal sealed class TimingWheel
{
    private const int Slots = 256;
    private const int SlotsPerSecond = 125;

    private readonly Waiter?[] _slots = new Waiter?[Slots];
    private readonly int _slotShift;
    private long _swept;
    private int _count;

    public TimingWheel(long ticksPerSecond, long now)
    {
        _slotShift = BitOperations.Log2((ulong)Math.Max(1, ticksPerSecond / SlotsPerSecond));
        _swept = now >> _slotShift;
    }

    public bool IsEmpty => _count == 0;

    public void Add(Waiter waiter)
    {
        if (waiter.ExpiresAt == Arrival.Never)
        {
            return;
        }

        // One whose time was over before it came (its clock was read before a sweep) goes where the next sweep looks.
        waiter.WheelSlot = (int)(Math.Max(waiter.ExpiresAt >> _slotShift, _swept) & (Slots - 1));
        ref Waiter? first = ref _slots[waiter.WheelSlot];
        waiter.WheelNext = first;
        if (first is not null)
        {
            first.WheelPrevious = waiter;
        }

        first = waiter;
        _count++;
    }

    /// <summary>Takes one out; nothing happens to one that is not in it.</summary>
    public void Remove(Waiter waiter)
    {
        if (waiter.WheelSlot == Waiter.NoSlot)
        {
            return;
        }

        if (waiter.WheelPrevious is null)
        {
            _slots[waiter.WheelSlot] = waiter.WheelNext;
        }
        else
        {
            waiter.WheelPrevious.WheelNext = waiter.WheelNext;
        }

        if (waiter.WheelNext is not null)
        {
            waiter.WheelNext.WheelPrevious = waiter.WheelPrevious;
        }

        waiter.WheelNext = waiter.WheelPrevious = null;
        waiter.WheelSlot = Waiter.NoSlot;
        _count--;
    }

    /// <summary>
    /// Takes out all whose time is over, as a chain by <see cref="Waiter.WheelNext"/> that the caller unlinks; null:
    /// none.
    /// </summary>
    public Waiter? TakeExpired(long now)
    {
        Waiter? chain = null;
        long current = now >> _slotShift;

        // The current slot is looked at again next time; a whole turn covers every slot.
        for (long slot = Math.Max(_swept, current - Slots + 1); slot <= current && _count > 0; slot++)
        {
            Waiter? waiter = _slots[slot & (Slots - 1)];
            while (waiter is not null)
            {
                Waiter? next = waiter.WheelNext;
                if (waiter.ExpiresAt <= now)
                {
                    Remove(waiter);
                    waiter.WheelNext = chain;
                    chain = waiter;
                }

                waiter = next;
            }
        }

        _swept = Math.Max(_swept, current);
        return chain;
    }
}
