namespace Backpressure.Simulation.Arrivals;

/// <summary>Arrivals that come in bursts: their rate changes between two levels at random times. To be asked in order of time.</summary>
internal sealed class Bursts(int seed, double meanSeconds)
{
    public const double High = 1.6;

    private const double Low = 0.4;

    private Draws _draws = new(seed, -1);
    private double _until;
    private bool _high = true;

    public double FactorAt(double time)
    {
        while (time >= _until)
        {
            _high = !_high;
            _until += meanSeconds * _draws.Exponential();
        }

        return _high ? High : Low;
    }
}
