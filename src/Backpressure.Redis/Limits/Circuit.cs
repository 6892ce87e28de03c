namespace Backpressure.Redis.Limits;

/// <summary>
/// Whether requests ask the store. Open from the start, until a first probe is answered; opened again by what says that nobody is there,
/// and by time-outs in a row; closed by a probe alone.
/// </summary>
internal sealed class Circuit
{
    /// <summary>One slow answer is no outage.</summary>
    public const int TimeoutsInRow = 3;

    private readonly Lock _lock = new();
    private int _timeouts;
    private bool _closed;
    private bool _told;

    /// <summary>Whether the store is asked.</summary>
    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>The store has answered a request.</summary>
    public void Answered()
    {
        if (Volatile.Read(ref _timeouts) != 0)
        {
            Volatile.Write(ref _timeouts, 0);
        }
    }

    /// <summary>It has not answered in time.</summary>
    /// <returns>Whether that opens it.</returns>
    public bool TimedOut() => Interlocked.Increment(ref _timeouts) >= TimeoutsInRow && Open();

    /// <summary>Nobody is there, or whoever is refuses to decide.</summary>
    /// <returns>Whether that is news: it was closed, or nobody has been told since the start.</returns>
    public bool Open()
    {
        lock (_lock)
        {
            bool isNews = _closed || !_told;
            Volatile.Write(ref _closed, false);
            _told = true;
            return isNews;
        }
    }

    /// <summary>A probe was answered.</summary>
    /// <returns>Whether that closes it.</returns>
    public bool Close()
    {
        lock (_lock)
        {
            bool isNews = !_closed;
            Volatile.Write(ref _timeouts, 0);
            Volatile.Write(ref _closed, true);
            _told = true;
            return isNews;
        }
    }
}
