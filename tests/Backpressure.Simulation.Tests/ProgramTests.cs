using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests;

public class ProgramTests
{
    [Fact]
    public void Main_WithMoreOrFewerThreads_WritesTheSame()
    {
        string one = Json("--threads", "1");
        string four = Json("--threads", "4");

        Assert.Equal(one, four);
        Assert.Contains("\"law\": \"Adaptive\"", one, StringComparison.Ordinal);
    }

    [Fact]
    public void Main_WhenAskedWrongly_EndsWithTwo() => Assert.Equal(2, Program.Main(["--what"]));

    [Theory]
    [InlineData(".png", "\u0089PNG")]
    [InlineData(".svg", "<?xml")]
    public void Main_WhenAskedForAPicture_DrawsOne(string extension, string start)
    {
        string file = Path.ChangeExtension(Path.GetTempFileName(), extension);
        try
        {
            Assert.Equal(0, Program.Main(["--scenario", "8", "--plot", file]));

            byte[] bytes = File.ReadAllBytes(file);
            Assert.Equal(start, string.Concat(bytes.Take(start.Length).Select(b => (char)b)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Plan_OfTheQuickForm_IsAPartOfTheWhole()
    {
        Plan whole = Plan.Of(Options.Parse([], []));
        Plan quick = Plan.Of(Options.TheQuick);

        Assert.All(quick.Trials, few => Assert.Contains(
            whole.Trials,
            many => many.Scenario == few.Scenario && many.Plant == few.Plant && many.Seed == few.Seed
                && few.Initials.All(many.Initials.Contains)));
        Assert.True(quick.Trials.Count < whole.Trials.Count / 2);
    }

    [Fact]
    public void Plan_OfAnything_LeavesTheLawsOnTrialOut_UnlessTheyAreNamed()
    {
        Assert.DoesNotContain(Plan.Of(Options.Parse([], [])).Laws, LawUnderTest.Trials.Contains);
        Assert.DoesNotContain(Plan.Of(Options.TheQuick).Laws, LawUnderTest.Trials.Contains);
        Assert.Equal([LawUnderTest.TheOracle, LawUnderTest.Trials[0]], Plan.Of(Options.Parse(["--law", LawUnderTest.Trials[0].Name], [])).Laws);
    }

    [Theory]
    [InlineData("never moves")]
    [InlineData("always at minimum")]
    [InlineData("always at maximum")]
    public void Trials_OfAControllerThatMustFail_FailWhereTheOracleDoesNot(string name)
    {
        Options options = Options.Parse(["--scenario", "1", "--law", name, "--seed", "1", "--initial", "1,1000"], []);
        Plan plan = Plan.Of(options);
        IReadOnlyList<Row> rows = plan.Judge(Trial.RunAll([.. plan.Trials.Where(t => plan.Plants.Contains(t.Plant))], 1)).Sums;

        Assert.Contains(rows, r => r.Law == LawUnderTest.BadOnes.Single(l => l.Name == name) && r.Met == false);
        Assert.DoesNotContain(rows, r => r.Law.Oracle && r.Met == false);
    }

    private static string Json(params string[] more)
    {
        string file = Path.GetTempFileName();
        try
        {
            Program.Main([
                "--scenario", "8", "--law", "Adaptive,Aimd", "--plant", "20,50,0.3", "--seed", "1-4", "--initial", "20", "--json", file, .. more]);
            return File.ReadAllText(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
