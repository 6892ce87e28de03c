using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Scoring;
using Xunit;

namespace Backpressure.Simulation.Tests.Scoring;

public class VerdictTests
{
    private static readonly LawUnderTest _peer = LawUnderTest.Columns.Single(l => l.Name == "Vegas");
    private static readonly Figure _share = Figure.Least("share", 0.8, static (_, _) => 0);
    private static readonly Figure _ratio = Figure.Most("ratio", 1.2, static (_, _) => 0);

    [Theory]
    [InlineData(0.4, 0.5)]
    [InlineData(0.8, 1)]
    [InlineData(1, 1)]
    [InlineData(-1, 0)]
    public void ScoreOfMean_WhereMoreIsBetter_IsThePartOfWhatIsAsked(double mean, double score) =>
        Assert.Equal(score, Verdict.ScoreOfMean(Row(_peer, _share, mean, 0)), 9);

    [Theory]
    [InlineData(2.4, 0.5)]
    [InlineData(0, 1)]
    [InlineData(double.PositiveInfinity, 0)]
    public void ScoreOfWorst_WhereLessIsBetter_IsAskedOverIt(double worst, double score) =>
        Assert.Equal(score, Verdict.ScoreOfWorst(Row(_peer, _ratio, 0, worst)), 9);

    [Fact]
    public void ScoreOfWorst_OnOtherPlants_GoesByWhatIsAskedOfTheWorst() =>
        Assert.Equal(0.5, Verdict.ScoreOfWorst(Row(_peer, _share, 0, 0.425) with { ThresholdOfWorst = 0.85 }), 9);

    [Fact]
    public void Of_Rows_SumsUpWhatBothHave_AndNamesWhatIsLost()
    {
        Verdict verdict = Of(
            (_share, (0.8, 0.8), (0.4, 0.2)),
            (_ratio, (1.2, 2.4), (1.0, 2.4)));

        Assert.Equal((1, 0.75), verdict.MeanScore);
        Assert.Equal((0.75, 0.375), verdict.MeanOfWorst);
        Assert.Equal((0.5, 0.25), verdict.WorstScore);
        Assert.True(verdict.IsBetter);
        Assert.Equal(
            "Vegas is better in 1 made up, ratio (default): 1.000 (2.400) ✓ against 1.200 (2.400) ✓",
            Assert.Single(verdict.DescribeLost()));
        Assert.Contains(
            "| Vegas | 2 | 1, 0, 1 | 1, 1, 0 | 1.000 against 0.750 | 0.750 against 0.375 | 0.500 against 0.250 | ✓ |",
            Verdict.Draw([verdict]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void IsBetter_WithOneWorstCaseThatIsWorse_IsFalse()
    {
        Verdict verdict = Of(
            (_share, (0.8, 0.1), (0.4, 0.2)),
            (_ratio, (1.2, 1.2), (2.4, 4.8)));

        Assert.True(verdict.MeanScore.Mine > verdict.MeanScore.Theirs);
        Assert.True(verdict.MeanOfWorst.Mine > verdict.MeanOfWorst.Theirs);
        Assert.False(verdict.IsBetter);
        Assert.Contains("| ✗ |", Verdict.Draw([verdict]), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_RowsWithoutPeers_IsEmpty() => Assert.Empty(Verdict.Of([Row(LawUnderTest.Best, _share, 1, 1)]));

    private static Verdict Of(params (Figure Figure, (double Mean, double Worst) Mine, (double Mean, double Worst) Theirs)[] rows) =>
        Assert.Single(Verdict.Of(
        [
            .. rows.Select(r => Row(LawUnderTest.Best, r.Figure, r.Mine.Mean, r.Mine.Worst)),
            .. rows.Select(r => Row(_peer, r.Figure, r.Theirs.Mean, r.Theirs.Worst)),

            // Of a single other plant: no row of its own.
            .. rows.Select(r => Row(_peer, r.Figure, 9, 9) with { Plant = "C=4", Threshold = 0.85 }),
        ]));

    private static Row Row(LawUnderTest law, Figure figure, double mean, double worst) =>
        new(1, "made up", "default", law, figure, mean, worst, "", true);
}
