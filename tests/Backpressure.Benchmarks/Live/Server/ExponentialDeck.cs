namespace Backpressure.Benchmarks.Live;

/// <summary>
/// Exponential draws of mean 1, dealt from a shuffled deck that has one of each hundredth: their mean is right after any
/// few hundred of them, where independent draws would leave the capacity 1 % uncertain in every run.
/// </summary>
internal sealed class ExponentialDeck
{
    private readonly Random _random;
    private readonly double[] _deck;
    private int _dealt;

    public ExponentialDeck(int seed)
    {
        _random = new Random(seed);
        _deck = [.. Enumerable.Range(0, 100).Select(i => -Math.Log(1 - ((i + 0.5) / 100)))];
        double mean = _deck.Average();
        _deck = [.. _deck.Select(d => d / mean)];
    }

    public double Next()
    {
        if (_dealt == 0)
        {
            _random.Shuffle(_deck);
        }

        double next = _deck[_dealt];
        _dealt = (_dealt + 1) % _deck.Length;
        return next;
    }
}
