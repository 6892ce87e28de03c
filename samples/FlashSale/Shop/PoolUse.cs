namespace FlashSale.Shop;

/// <summary>How many calls of one route held a connection, and for how long in total.</summary>
internal sealed class PoolUse
{
    private long _calls;
    private long _ticks;

    public long Calls => Volatile.Read(ref _calls);

    public TimeSpan Held => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    public void Add(TimeSpan held)
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Add(ref _ticks, held.Ticks);
    }
}
