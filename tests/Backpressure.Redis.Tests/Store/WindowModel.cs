namespace Backpressure.Redis.Tests.Store;

/// <summary>A window of segments as a list of when permits were given: the plainest form of it.</summary>
/// <remarks>When the clock is set back, the segment of the last permit begins again.</remarks>
internal sealed class WindowModel(int permits, long length, int segments)
{
    // The segment's number of each permit that was given.
    private List<long> _given = [];
    private long _origin;
    private long _last;

    public (bool IsAcquired, long Remaining, long UntilMore) Ask(long now)
    {
        long origin = _origin;
        long back = origin + (Segment(_last, origin) * length) - now;
        if (_given.Count > 0 && back > 0)
        {
            origin -= back;
        }

        List<long> given = [.. _given.Where(segment => segment > Segment(now, origin) - segments)];
        if (given.Count == 0)
        {
            origin = now;
        }

        bool acquired = given.Count < permits;
        if (acquired)
        {
            given.Add(Segment(now, origin));
        }

        if (acquired || back > 0)
        {
            (_origin, _given, _last) = (origin, given, now);
        }

        return (acquired, permits - given.Count, origin + ((given.Min() + segments) * length) - now);
    }

    private long Segment(long now, long origin) => (long)Math.Floor((decimal)(now - origin) / length);
}
