namespace Backpressure.Benchmarks.Live;

/// <summary>How long what takes, in seconds.</summary>
/// <param name="WarmUp">At the load to come, before anything counts.</param>
/// <param name="Overload">Each step of overload.</param>
/// <param name="Before">Full capacity, before a change.</param>
/// <param name="Halved">Half the capacity: ten seconds in §10.</param>
/// <param name="After">Full capacity again.</param>
/// <param name="Phase">Each phase of a scenario that is of interest.</param>
internal sealed record Lengths(double WarmUp, double Overload, double Before, double Halved, double After, double Phase)
{
    public static readonly Lengths Full = new(WarmUp: 3, Overload: 10, Before: 4, Halved: 10, After: 5, Phase: 12);
    public static readonly Lengths Quick = new(WarmUp: 2, Overload: 4, Before: 2, Halved: 10, After: 4, Phase: 5);
}
