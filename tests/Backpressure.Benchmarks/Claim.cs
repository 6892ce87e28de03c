using System.Globalization;

namespace Backpressure.Benchmarks;

/// <summary>What a subject must reach.</summary>
/// <param name="Subject">Whose claim it is.</param>
/// <param name="Over">The subject that it is measured against.</param>
/// <param name="Ratio">At most this many times as long; of rates, at least this many times as many a second.</param>
/// <param name="Bytes">At most so many bytes allocated; null: no claim.</param>
/// <param name="Nanoseconds">At most so long, whatever the others take; null: no claim.</param>
/// <param name="OfRates">Whether the ratio is of how many a second and not of how long each takes.</param>
internal sealed record Claim(string Subject, string Over, double Ratio, double? Bytes = null, double? Nanoseconds = null, bool OfRates = false)
{
    public bool IsMet(double ratio, double bytes, double nanoseconds) =>
        (OfRates ? ratio >= Ratio : ratio <= Ratio)
        && (Bytes is not { } most || Math.Round(bytes) <= most)
        && (Nanoseconds is not { } longest || nanoseconds <= longest);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(OfRates ? ">=" : "<=")} {Ratio:0.00} x {Over}{(Bytes is { } most ? $", <= {most:0} B" : "")}{(Nanoseconds is { } longest ? $", <= {longest:0} ns" : "")}");
}
