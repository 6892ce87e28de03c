using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>Requests a second by priority, smoothed over the windows in which the limit bound.</summary>
internal readonly record struct Demand(double Critical, double High, double Normal, double Low)
{
    /// <summary>The most that has been served of late, a second.</summary>
    public double Served { get; private init; }

    // Of a window in the mean: the counts of a few are noise.
    private const double Weight = 0.3;

    // Of what has been served: who asks for more will be refused anyway.
    private const double Room = 0.9;

    // Of the most that was served, from window to window.
    private const double Keep = 0.97;

    public bool IsKnown => Critical + High + Normal + Low > 0;

    public Demand With(in WindowSummary window)
    {
        // Only who met the gate full was counted by priority; the others were alike.
        double rate = window.Arrivals / (Math.Max(1, window.FullArrivals) * Math.Max(window.Seconds, 1e-9));
        PriorityCounts seen = window.FullByPriority;
        Demand now = new(rate * seen.Critical, rate * seen.High, rate * seen.Normal, rate * seen.Low);
        double served = Math.Max(Keep * Served, window.Served / Math.Max(window.Seconds, 1e-9));
        return !IsKnown ? now with { Served = served } : new(
            Critical + (Weight * (now.Critical - Critical)),
            High + (Weight * (now.High - High)),
            Normal + (Weight * (now.Normal - Normal)),
            Low + (Weight * (now.Low - Low)))
        {
            Served = served,
        };
    }

    /// <summary>
    /// How many in flight the highest priorities need so that they are served, as far as there is room for them; but never
    /// the lowest that comes: somebody has to wait while the limit learns.
    /// </summary>
    /// <param name="hold">Seconds that a request holds a unit.</param>
    public double Essential(double hold)
    {
        ReadOnlySpan<double> rates = [Critical, High, Normal, Low];
        double sum = 0;
        double essential = 0;
        for (int i = 0; i < rates.Length - 1; i++)
        {
            sum += rates[i];
            bool lowest = rates[(i + 1)..].IndexOfAnyExcept(0) < 0;
            if (lowest || sum > Room * Served)
            {
                break;
            }

            // If they come at random there are more at a time than this once in six.
            essential = (sum * hold) + Math.Sqrt(sum * hold);
        }

        return essential;
    }
}
