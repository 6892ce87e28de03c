namespace Backpressure.Benchmarks;

/// <summary>What a subject must reach.</summary>
/// <param name="Subject">Whose claim it is.</param>
/// <param name="Over">The subject that it is measured against.</param>
/// <param name="Ratio">At most this many times as long.</param>
/// <param name="Bytes">At most so many bytes allocated; null: no claim.</param>
internal sealed record Claim(string Subject, string Over, double Ratio, double? Bytes = null);
