using System.Numerics;

namespace Backpressure.Redis.Tests.Store;

/// <summary>A token bucket in exact fractions: the tokens, times the period.</summary>
/// <remarks>When the clock is set back, what had come since the last permit is lost, and it fills from there.</remarks>
internal sealed class BucketModel(int capacity, int added, long period)
{
    private BigInteger _level = (BigInteger)capacity * period;
    private long? _at;

    public (bool IsAcquired, long Remaining, long UntilMore) Ask(long now)
    {
        BigInteger full = (BigInteger)capacity * period;
        BigInteger level = _at < now ? BigInteger.Min(full, _level + ((BigInteger)(now - _at.Value) * added)) : _level;
        bool acquired = level >= period;
        if (acquired)
        {
            level -= period;
        }

        if (acquired || now < _at)
        {
            (_level, _at) = (level, now);
        }

        BigInteger missing = period - (level % period);
        return (acquired, (long)(level / period), level == full ? 0 : (long)((missing + added - 1) / added));
    }
}
