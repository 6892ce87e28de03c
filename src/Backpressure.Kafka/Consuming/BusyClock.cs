namespace Backpressure.Kafka.Consuming;

/// <summary>How many messages are being handled, and how many seconds of handling there were so far.</summary>
internal sealed class BusyClock(TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _at = time.GetTimestamp();
    private double _seconds;
    private int _active;

    public int Active => Volatile.Read(ref _active);

    public double Seconds
    {
        get
        {
            lock (_lock)
            {
                return Advance();
            }
        }
    }

    public void Enter() => Change(1);

    public void Leave() => Change(-1);

    private void Change(int by)
    {
        lock (_lock)
        {
            Advance();
            _active += by;
        }
    }

    private double Advance()
    {
        long now = time.GetTimestamp();
        _seconds += _active * time.GetElapsedTime(_at, now).TotalSeconds;
        _at = now;
        return _seconds;
    }
}
