using System.Globalization;

namespace Backpressure.Benchmarks.Live;

/// <summary>What a figure must reach.</summary>
/// <param name="Bound">The least or the most.</param>
/// <param name="AtLeast">Whether it is the least.</param>
/// <param name="InWholeUnits">The figure is compared as a whole number, where the claim is made in whole numbers.</param>
internal sealed record Target(double Bound, bool AtLeast, bool InWholeUnits = false)
{
    public static Target Least(double bound) => new(bound, AtLeast: true);

    public static Target Most(double bound) => new(bound, AtLeast: false);

    public static Target LeastPercent(double bound) => new(bound, AtLeast: true, InWholeUnits: true);

    /// <summary>A figure that could not be had has not reached it.</summary>
    public bool IsMetBy(double? value)
    {
        double? compared = InWholeUnits && value is { } exact ? Math.Round(exact) : value;
        return AtLeast ? compared >= Bound : compared <= Bound;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(AtLeast ? ">=" : "<=")} {Bound:0.###}");
}

/// <summary>One number that came out of a run.</summary>
/// <param name="Name">What it is, with its unit.</param>
/// <param name="Value"><see langword="null"/>: it could not be had (no latency where nobody was served, no recovery).</param>
/// <param name="Target">What Backpressure must reach; the others are only shown beside it.</param>
internal sealed record Figure(string Name, double? Value, Target? Target = null);
