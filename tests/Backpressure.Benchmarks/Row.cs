using System.Text.Json.Serialization;

namespace Backpressure.Benchmarks;

/// <summary>One line of the result.</summary>
/// <param name="Work">What was done, and what the ratio is over.</param>
/// <param name="Subject">Who did it.</param>
/// <param name="Nanoseconds">Median over the rounds.</param>
/// <param name="Ratio">Median of each round's own ratio: a slow moment of the machine hits both sides of it.</param>
/// <param name="Low">A tenth of the rounds had a ratio below this.</param>
/// <param name="High">A tenth of the rounds had a ratio above this. Far from <paramref name="Low"/>: the machine was busy, or processes differ.</param>
/// <param name="Bytes">Allocated each time.</param>
/// <param name="Target">What the ratio and the bytes must not exceed (or must reach, of rates).</param>
/// <param name="Met">Whether they do; null without a target.</param>
/// <param name="Note">What a reader must know of its work; null: nothing.</param>
internal sealed record Row(
    string Work,
    string Subject,
    double Nanoseconds,
    double Ratio,
    double Low,
    double High,
    double Bytes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Target,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Met,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note = null);
