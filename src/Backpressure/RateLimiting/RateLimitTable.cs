using System.Collections.Concurrent;
using Backpressure.Configuration;

namespace Backpressure.RateLimiting;

/// <summary>
/// The partitions of one rate limit. There are never more than its capacity: keys beyond it share one partition, so
/// that who rotates keys spends a common allowance and cannot make memory grow.
/// </summary>
internal sealed class RateLimitTable(RateLimitSettings settings, TimeProvider time, int capacity)
{
    private readonly ConcurrentDictionary<PartitionKey, RateLimitPartition> _partitions = new();
    private readonly RateLimitPartition _overflow = new(settings, time);

    /// <summary>Partitions in the dictionary or about to be: counted apart since the dictionary's own count takes all its locks.</summary>
    private int _count;

    public RateLimitSettings Settings { get; } = settings;

    /// <summary>How many keys have a partition of their own now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Asks the key's partition for a permit.</summary>
    /// <returns><see langword="false"/> when it was retired meanwhile and the question must be put again.</returns>
    public bool TryAsk(PartitionKey key, out RateLimitAnswer answer)
    {
        var partition = PartitionOf(key);
        if (partition.TryAsk(out answer))
        {
            return true;
        }

        Forget(key, partition);
        return false;
    }

    /// <summary>Forgets the keys that have everything back: they would begin with as much.</summary>
    public void EvictIdle()
    {
        foreach (var (key, partition) in _partitions)
        {
            if (partition.RetireIfIdle())
            {
                Forget(key, partition);
            }
        }
    }

    /// <summary>Ends all partitions; who asks one of them now is told to ask again.</summary>
    public void Retire()
    {
        _overflow.Retire();
        foreach (var (_, partition) in _partitions)
        {
            partition.Retire();
        }
    }

    private RateLimitPartition PartitionOf(PartitionKey key)
    {
        if (_partitions.TryGetValue(key, out var partition))
        {
            return partition;
        }

        // A place is taken before it is filled, so that a race cannot pass the capacity.
        if (Interlocked.Increment(ref _count) > capacity)
        {
            Interlocked.Decrement(ref _count);
            return _overflow;
        }

        var created = new RateLimitPartition(Settings, time);
        partition = _partitions.GetOrAdd(key, created);
        if (!ReferenceEquals(partition, created))
        {
            Interlocked.Decrement(ref _count);
            created.Retire();
        }

        return partition;
    }

    private void Forget(PartitionKey key, RateLimitPartition partition)
    {
        if (_partitions.TryRemove(new(key, partition)))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
