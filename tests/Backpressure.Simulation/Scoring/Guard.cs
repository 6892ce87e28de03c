using System.Globalization;
using System.Text.Json;
using Backpressure.Simulation.Laws;

namespace Backpressure.Simulation.Scoring;

/// <summary>Whether a scoreboard is as good as an earlier one.</summary>
/// <remarks>
/// Runs are deterministic, so on one machine equal code gives equal figures. Another processor's logarithm may differ in
/// its last bit, and a run then takes another course: hence a tolerance, small for a mean, wider for a single worst seed.
/// </remarks>
internal static class Guard
{
    internal const double MeanRelative = 0.01;
    internal const double MeanAbsolute = 0.003;
    private const double WorstRelative = 0.03;
    private const double WorstAbsolute = 0.01;

    /// <summary>Reads what <see cref="JsonReport"/> wrote and says what has become worse; empty: nothing.</summary>
    /// <param name="json">The earlier scoreboard.</param>
    /// <param name="rows">The new one.</param>
    /// <param name="whole">Whether nothing was left out of it, so that all that the earlier one has must be there.</param>
    public static IReadOnlyList<string> FindWorse(string json, IReadOnlyList<Row> rows, bool whole)
    {
        Dictionary<(int Scenario, string Plant, string Law, string Figure), Row> now = rows
            .Where(r => !r.Law.MustFail && !LawUnderTest.Trials.Contains(r.Law))
            .ToDictionary(r => (r.Scenario, r.Plant, r.Law.Name, r.Figure.Name.Trim()));
        HashSet<(int, string, string, string)> known = [];
        List<string> worse = [];
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement before in document.RootElement.GetProperty("rows").EnumerateArray())
        {
            (int Scenario, string Plant, string Law, string Figure) key = (
                before.GetProperty("scenario").GetInt32(),
                before.GetProperty("plant").GetString()!,
                before.GetProperty("law").GetString()!,
                before.GetProperty("figure").GetString()!);
            known.Add(key);
            if (now.TryGetValue(key, out Row? row))
            {
                Compare("mean", Number(before, "mean"), row.Mean, MeanRelative, MeanAbsolute);
                Compare("worst seed", Number(before, "worst"), row.Worst, WorstRelative, WorstAbsolute);
            }
            else if (whole && !LawUnderTest.BadOnes.Concat(LawUnderTest.Trials).Any(l => l.Name == key.Law))
            {
                worse.Add($"{key.Scenario} on {key.Plant}, {key.Figure}, {key.Law}: is gone");
            }

            void Compare(string what, double old, double fresh, double relative, double absolute)
            {
                double slack = (relative * Math.Abs(old)) + absolute;
                if (row.Figure.AtLeast ? fresh < old - slack : fresh > old + slack)
                {
                    worse.Add(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{key.Scenario} on {key.Plant}, {key.Figure}, {key.Law}: {what} {TextTable.Number(fresh)}, was {TextTable.Number(old)}"));
                }
            }
        }

        worse.AddRange(now.Keys.Where(k => !known.Contains(k)).Select(k => $"{k.Scenario} on {k.Plant}, {k.Figure}, {k.Law}: is not in the earlier one"));
        return worse;
    }

    // What is not finite was written as null; only what is best small can be infinite.
    private static double Number(JsonElement row, string name) =>
        row.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.PositiveInfinity;
}
