namespace Backpressure.Simulation.Clients;

/// <summary>
/// A model of a client handler in one calling process, for one destination: a retry budget, and a throttle that holds
/// back what would probably be refused. It stands for the real handler, which is code of its own and not tested here:
/// what the laboratory shows with it is what the gate does when its callers behave so.
/// </summary>
/// <remarks>
/// Throttle: Google, Site Reliability Engineering (2016), chapter 21, "Client-side throttling", with K = 2 over two
/// minutes, and never above 0.9, so that it finds out when the destination is back.
/// </remarks>
internal sealed class ModelledHandler
{
    /// <summary>Processes among which the clients are dealt out.</summary>
    public const int Callers = 20;

    /// <summary>Retries for each first attempt.</summary>
    private const double BudgetShare = 0.1;

    /// <summary>What quiet times may save up: more would be a burst of its own when the destination fails.</summary>
    private const double MostSaved = 3;

    private const double AcceptsFactor = 2;
    private const double MostThrottled = 0.9;
    private const double WindowSeconds = 120;

    private double _budget;
    private double _requests;
    private double _accepts;
    private double _decayedAt;

    /// <summary>Whether a first attempt is sent, or fails here.</summary>
    /// <param name="now">Seconds.</param>
    /// <param name="lot">A random number from 0 up to 1.</param>
    public bool MaySend(double now, double lot)
    {
        _budget = Math.Min(MostSaved, _budget + BudgetShare);
        return Passes(now, lot);
    }

    /// <summary>Whether another attempt may be made; then it is paid for.</summary>
    public bool MayRetry(double now, double lot)
    {
        if (_budget < 1 || !Passes(now, lot))
        {
            return false;
        }

        _budget--;
        return true;
    }

    /// <summary>The destination has served one.</summary>
    public void Accepted(double now)
    {
        Decay(now);
        _accepts++;
    }

    private bool Passes(double now, double lot)
    {
        Decay(now);
        double throttled = Math.Min(MostThrottled, (_requests - (AcceptsFactor * _accepts)) / (_requests + 1));

        // What is held back counts too: the more is asked for in vain, the less is sent.
        _requests++;
        return lot >= throttled;
    }

    // Two counters that forget instead of a list of the last two minutes.
    private void Decay(double now)
    {
        double left = Math.Exp((_decayedAt - now) / WindowSeconds);
        _requests *= left;
        _accepts *= left;
        _decayedAt = now;
    }
}
