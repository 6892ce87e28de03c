using Xunit;

namespace Backpressure.Simulation.Tests;

public class OptionsTests
{
    [Theory]
    [InlineData("--nonsense", "no such option")]
    [InlineData("--scenario", "needs a value")]
    [InlineData("--scenario --quick", "needs a value")]
    [InlineData("--scenario 15", "one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14")]
    [InlineData("--scenario 1,,2", "an empty part")]
    [InlineData("--law Best", "Best is no law")]
    [InlineData("--plant 20,50", "three numbers")]
    [InlineData("--plant wet", "one of default, others, fresh, C=4, ")]
    [InlineData("--plant 0,50,0", "servers C")]
    [InlineData("--plant 20,50,9", "contention")]
    [InlineData("--seed 9-3", "neither a whole number")]
    [InlineData("--initial 0", "from 1 to 1000")]
    [InlineData("--threads 0", "from 1 to 256")]
    [InlineData("--json /no/such/folder/x.json", "does not exist")]
    [InlineData("--scenario 1 --plot x.bmp", ".png or .svg")]
    [InlineData("--plot x.png", "one scenario")]
    [InlineData("--scenario 1,2 --plot x.png", "one scenario")]
    [InlineData("--write /no/such/folder", "no such folder")]
    [InlineData("--quick --write .", "--write writes all")]
    [InlineData("--against /no/such/file.json", "no such file")]
    public void Parse_WhenAskedWrongly_SaysWhatIsWrong(string line, string words)
    {
        List<string> errors = [];
        Options.Parse(line.Split(' '), errors);

        Assert.Contains(words, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_WhenSeveralAreWrong_SaysAllAtOnce()
    {
        List<string> errors = [];
        Options.Parse(["--law", "Best", "--seed", "x", "--what"], errors);

        Assert.Equal(3, errors.Count);
    }

    [Fact]
    public void Parse_WhenAskedWell_TakesItAll()
    {
        List<string> errors = [];
        Options options = Options.Parse(
            ["--scenario", "1,4", "--law", "adaptive,bad", "--plant", "8,20,0.3", "--seed", "6-10", "--initial", "1,20", "--threads", "2"], errors);

        Assert.Empty(errors);
        Assert.Equal([1, 4], options.Scenarios!);
        Assert.Equal(4, options.Laws!.Count);
        Assert.Equal(0.02, Assert.Single(options.Plants!).MeanService, 9);
        Assert.Equal((6, 10), options.Seeds);
        Assert.Equal([1, 20], options.Initials!);
        Assert.False(options.IsWhole);
    }
}
