using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Scenarios;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests;

public sealed class CommittedTests : IDisposable
{
    private const long LargestPicture = 180 * 1024;

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Write_WithSomeResults_WritesScoreboardsAndAPictureOfEachScenario()
    {
        Plan plan = Plan.Of(Options.Parse(["--scenario", "8", "--law", "Adaptive,bad", "--seed", "101", "--initial", "1,20"], []));
        IReadOnlyList<Result> results = Trial.RunAll(plan.Trials, 1);

        IReadOnlyList<Trial> trials = [.. plan.Trials.Take(1).Select(t => t with { Laws = LawUnderTest.Trials })];
        Plan searched = Plan.Of(Options.Parse(["--scenario", "8", "--law", "Adaptive", "--seed", "1", "--initial", "20"], []));
        Committed.Write(_folder, plan, results, Trial.RunAll(trials, 1), searched, Trial.RunAll(searched.Trials, 1));

        string page = File.ReadAllText(Path.Combine(_folder, "README.md"));
        Assert.Contains("| **8 lull 0.15× → 0.9×** |", page, StringComparison.Ordinal);
        Assert.Contains("- never moves: fails ", page, StringComparison.Ordinal);
        Assert.Contains("## What the others reach where Adaptive does not", page, StringComparison.Ordinal);
        Assert.Contains("is reported here is of seeds 101 to 105, ", page, StringComparison.Ordinal);
        Assert.Contains("## 12 fresh plants", page, StringComparison.Ordinal);
        Assert.Contains(" on seeds 1 to 5.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("## Adaptive against each peer", page, StringComparison.Ordinal);
        foreach (int number in Catalogue.All.Select(s => s.Number).Distinct())
        {
            string picture = $"scenario-{number}.png";
            Assert.InRange(new FileInfo(Path.Combine(_folder, picture)).Length, 10_000, LargestPicture);
            Assert.Contains($"]({picture})", page, StringComparison.Ordinal);
        }

        // Initial limit 1 and seed 101 are in the quick form too, so it has the same rows.
        Row[] rows = [.. plan.Judge(results).Sums];
        Assert.Empty(Guard.FindWorse(File.ReadAllText(Path.Combine(_folder, Committed.QuickScoreboard)), rows, whole: false));
        string whole = File.ReadAllText(Path.Combine(_folder, Committed.Scoreboard));
        Assert.Empty(Guard.FindWorse(whole, rows, whole: false));
        Assert.Empty(Guard.FindWorse(File.ReadAllText(Path.Combine(_folder, Committed.SearchedScoreboard)), [.. searched.Judge(Trial.RunAll(searched.Trials, 1)).Sums], whole: false));
        Assert.All(LawUnderTest.Trials, law => Assert.Contains($"\"law\": \"{law.Name}\"", whole, StringComparison.Ordinal));
    }
}
