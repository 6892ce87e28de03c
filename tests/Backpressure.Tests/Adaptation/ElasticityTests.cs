using Backpressure.Adaptation;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class ElasticityTests
{
    [Fact]
    public void Mean_IsTheSlopeOfTheRegression() => Assert.Equal(0.75, new Elasticity(4, 3, 0.04).Mean, 12);

    [Fact]
    public void Deviation_IsTheSlopesStandardError() => Assert.Equal(0.05, new Elasticity(4, 3, 0.04).Deviation, 12); // 0.2 / 4.

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.0599, false)]
    [InlineData(0.06, true)]
    [InlineData(0.0601, true)]
    public void IsKnown_FromTwoDipsOn(double squares, bool expected)
        => Assert.Equal(expected, new Elasticity(squares, 1, 1).IsKnown);

    // To e² times the concurrency and e times the work: x = 2, y = 1, each with its errors of 0.3 and 0.4 (variance 0.25).
    [Theory]
    [InlineData(0, 0, 0, 4, 2, 1)] // x², x y, 0.25 x².
    [InlineData(1, 2, 3, 4.8, 3.6, 2.92)] // and 0.8 of what was; of a variance 0.8².
    public void With_ADip_ForgetsAFifthOfWhatWas(
        double squares, double products, double variance, double expectedSquares, double expectedProducts, double expectedVariance)
    {
        Elasticity next = new Elasticity(squares, products, variance).With(
            new OperatingPoint(5, 3, 0.3), new OperatingPoint(5 * Math.E * Math.E, 3 * Math.E, 0.4));
        Assert.Equal(expectedSquares, next.Squares, 12);
        Assert.Equal(expectedProducts, next.Products, 12);
        Assert.Equal(expectedVariance, next.Variance, 12);
    }

    [Fact]
    public void With_TheSameSlopeBothWays_AddsUp()
    {
        OperatingPoint high = new(16, 6, 0.1);
        OperatingPoint low = new(4, 3, 0.1);
        Assert.Equal(0.5, default(Elasticity).With(high, low).With(low, high).Mean, 12); // ln 2 / ln 4, either way.
    }
}
