using System.Collections.Concurrent;
using Backpressure.RateLimiting;

namespace Backpressure.Redis.Limits;

/// <summary>
/// Keys that were just refused, until the store would have something for them again: a flood of refused requests then costs no round
/// trips. Bounded: what does not fit is asked for as ever.
/// </summary>
internal sealed class RefusalMemory(int capacity)
{
    private readonly ConcurrentDictionary<PartitionKey, long> _until = new();
    private int _count;
    private int _sweeping;

    /// <summary>How many keys it holds, those included whose time is over.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether a key is refused still.</summary>
    /// <param name="key">The key.</param>
    /// <param name="now">The time, in ticks of the clock.</param>
    /// <param name="until">When it may ask again.</param>
    public bool IsRefused(PartitionKey key, long now, out long until)
    {
        if (!_until.TryGetValue(key, out until))
        {
            return false;
        }

        if (now < until)
        {
            return true;
        }

        Forget(key, until);
        return false;
    }

    /// <summary>Remembers a refusal.</summary>
    /// <param name="key">The key.</param>
    /// <param name="until">When it may ask again.</param>
    /// <param name="now">The time.</param>
    public void Remember(PartitionKey key, long until, long now)
    {
        if (until <= now)
        {
            return;
        }

        while (_until.TryGetValue(key, out long known))
        {
            // Whoever asked first may be answered last: the nearer end is the safe one.
            if (known <= until && known > now)
            {
                return;
            }

            if (_until.TryUpdate(key, until, known))
            {
                return;
            }
        }

        // A place is taken before it is filled, so that a race cannot pass the capacity.
        if (Interlocked.Increment(ref _count) > capacity)
        {
            Interlocked.Decrement(ref _count);
            Sweep(now);
        }
        else if (!_until.TryAdd(key, until))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private void Sweep(long now)
    {
        if (Interlocked.Exchange(ref _sweeping, 1) != 0)
        {
            return;
        }

        foreach ((PartitionKey key, long until) in _until)
        {
            if (until <= now)
            {
                Forget(key, until);
            }
        }

        Volatile.Write(ref _sweeping, 0);
    }

    private void Forget(PartitionKey key, long until)
    {
        if (_until.TryRemove(new(key, until)))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
