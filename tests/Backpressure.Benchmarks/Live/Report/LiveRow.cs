using System.Globalization;
using System.Text.Json.Serialization;

namespace Backpressure.Benchmarks.Live;

/// <summary>One line of the result.</summary>
/// <param name="Work">What was offered to what.</param>
/// <param name="Subject">Who stood between.</param>
/// <param name="Name">Which number it is, with its unit; <c>figure</c> in JSON.</param>
/// <param name="Value"><see langword="null"/>: it could not be had, which meets no target.</param>
/// <param name="Target">What it must reach; <see langword="null"/>: shown beside those that must.</param>
/// <param name="Met">Whether it does; <see langword="null"/> without a target, or when void.</param>
/// <param name="Void">The load was sent too late, three times: the value means nothing.</param>
internal sealed record LiveRow(
    string Work,
    string Subject,
    [property: JsonPropertyName("figure")] string Name,
    double? Value,
    string? Target,
    bool? Met,
    bool Void)
{
    public static IEnumerable<LiveRow> From(Run run)
    {
        foreach (Figure figure in run.Experiment.Judge(run))
        {
            // A downstream that is not what it is said to be makes everybody's figures worthless, so that is a claim too.
            bool claimed = run.Experiment.ClosedLoop is not null || run.Contender == run.Experiment.Claimed;
            Target? target = claimed ? figure.Target : null;
            double? value = figure.Value is { } exact ? Math.Round(exact, 3) : null;
            yield return new LiveRow(
                run.Experiment.Work, run.Contender.Name, figure.Name, value, target?.ToString(), run.IsVoid ? null : target?.IsMetBy(value), run.IsVoid);
        }
    }

    [JsonIgnore]
    public string Judgement => Void ? "VOID" : Met switch { true => "met", false => "NOT MET", null => "" };

    [JsonIgnore]
    public string Number => Value is { } value ? value.ToString(Math.Abs(value) < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture) : "never";

    public override string ToString() => $"{Name,-52} {Number,8}  {Target,-8} {Judgement}";
}
