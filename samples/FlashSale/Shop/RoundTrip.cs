namespace FlashSale.Shop;

/// <summary>
/// Draws the declared round trips of one route: half of the mean is fixed, half exponential. The draws come from a
/// shuffled deck of equally likely values, reshuffled when it is used up, so that a measurement of a few seconds
/// already has the true mean while the order of the draws stays random.
/// </summary>
internal sealed class RoundTrip
{
    private const int Cards = 64;

    private readonly Lock _lock = new();
    private readonly TimeSpan[] _deck = new TimeSpan[Cards];
    private int _drawn = Cards;

    public RoundTrip(TimeSpan mean)
    {
        double[] quantiles = [.. Enumerable.Range(0, Cards).Select(i => -Math.Log(1 - ((i + 0.5) / Cards)))];
        double correction = 1 / quantiles.Average();
        for (int i = 0; i < Cards; i++)
        {
            _deck[i] = mean * (0.5 + (0.5 * quantiles[i] * correction));
        }
    }

    public TimeSpan Next()
    {
        lock (_lock)
        {
            if (_drawn == Cards)
            {
                Random.Shared.Shuffle(_deck);
                _drawn = 0;
            }

            return _deck[_drawn++];
        }
    }
}
