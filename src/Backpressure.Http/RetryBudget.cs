namespace Backpressure.Http;

/// <summary>
/// Keeps retries to a share of what is asked for the first time, so that they cannot turn an overload into a storm: each first
/// attempt brings a part of a token, each retry takes a whole one. It needs no clock.
/// </summary>
/// <remarks>All members may be used from any thread at once. Source: Site Reliability Engineering, chapter 21, "Deciding to Retry".</remarks>
public sealed class RetryBudget
{
    // Thousandths of a token, so that adding parts is exact.
    private const int Token = 1000;

    private readonly int _share;
    private readonly int _most;
    private int _balance;

    /// <summary>A full budget.</summary>
    /// <param name="ratio">Retries for each first attempt: 0.001 to 1, default 0.1. Amplification is at most one plus this, beyond the first <paramref name="burst"/>.</param>
    /// <param name="burst">Retries saved up at most, and at the start: 1 to 1000, default 10.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public RetryBudget(double ratio = 0.1, int burst = 10)
    {
        if (ratio is not (>= 0.001 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "Must be from 0.001 to 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(burst, 1000);
        _share = (int)Math.Round(ratio * Token);
        _most = burst * Token;
        _balance = _most;
    }

    /// <summary>Retries that could be made now.</summary>
    public int Available => Volatile.Read(ref _balance) / Token;

    /// <summary>Whether it is as it was at the start.</summary>
    internal bool IsFull => Volatile.Read(ref _balance) == _most;

    /// <summary>Notes that something is asked for the first time.</summary>
    public void NoteFirstAttempt()
    {
        int seen = Volatile.Read(ref _balance);
        while (seen < _most)
        {
            int before = Interlocked.CompareExchange(ref _balance, Math.Min(_most, seen + _share), seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Asks for one retry.</summary>
    /// <returns>Whether it may be made; its token is spent then.</returns>
    public bool TryRetry()
    {
        int seen = Volatile.Read(ref _balance);
        while (seen >= Token)
        {
            int before = Interlocked.CompareExchange(ref _balance, seen - Token, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }
}
