namespace Backpressure.Observability;

/// <summary>
/// Notices that signals hold a limit down in normal play: for ten minutes without pause. No overload that a signal is there for lasts
/// so long, and meanwhile the law learns nothing.
/// </summary>
internal sealed class HeldState(long ticksPerSecond)
{
    /// <summary>How long is too long.</summary>
    public const int Minutes = 10;

    private readonly Lock _lock = new();
    private long _since;
    private bool _held;
    private bool _told;

    /// <summary>Takes in whether a limit is held down now.</summary>
    /// <returns>Whether that is to be told: once for each time that it lasts.</returns>
    public bool Look(bool held, long now)
    {
        lock (_lock)
        {
            if (!held)
            {
                (_held, _told) = (false, false);
                return false;
            }

            if (!_held)
            {
                (_held, _since) = (true, now);
            }

            if (_told || now - _since < Minutes * 60 * ticksPerSecond)
            {
                return false;
            }

            _told = true;
            return true;
        }
    }
}
