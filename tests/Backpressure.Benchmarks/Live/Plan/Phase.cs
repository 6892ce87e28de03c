namespace Backpressure.Benchmarks.Live;

/// <summary>A stretch of steady load.</summary>
/// <param name="Name">What the figures call it.</param>
/// <param name="Seconds">How long, 30 at most.</param>
/// <param name="RequestsPerSecond">How many arrive, at random (Poisson).</param>
/// <param name="Shares">Which part of them each route gets, in the routes' order; the sum is 1.</param>
internal sealed record Phase(string Name, double Seconds, double RequestsPerSecond, double[] Shares);

/// <summary>A stretch of time, in seconds from the start of the load.</summary>
internal readonly record struct Window(double From, double To)
{
    public double Seconds => To - From;

    public bool Has(double milliseconds) => milliseconds >= From * 1000 && milliseconds < To * 1000;
}

/// <summary>So many pages are open, from one second to another, counted from the start of the load.</summary>
internal sealed record Watching(int Pages, double FromSecond, double ToSecond = double.MaxValue);
