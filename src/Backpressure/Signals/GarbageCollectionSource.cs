namespace Backpressure.Signals;

/// <summary>The share of time for which collections have stopped the process since the last look.</summary>
internal sealed class GarbageCollectionSource(long ticksPerSecond) : ISignalSource
{
    private TimeSpan _paused = GC.GetTotalPauseDuration();
    private long _readAt = long.MinValue;

    public string Absence => "The runtime reports no pauses.";

    public double Read(long now)
    {
        TimeSpan paused = GC.GetTotalPauseDuration();
        double share = ShareOf(paused - _paused, _readAt == long.MinValue ? 0 : now - _readAt, ticksPerSecond);
        _paused = paused;
        _readAt = now;
        return share;
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    internal static double ShareOf(TimeSpan paused, long elapsed, long ticksPerSecond) =>
        elapsed <= 0 ? 0 : Math.Clamp(paused.TotalSeconds * ticksPerSecond / elapsed, 0, 1);
}
