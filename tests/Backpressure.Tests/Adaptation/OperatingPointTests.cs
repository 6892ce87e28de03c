using Backpressure.Adaptation;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class OperatingPointTests
{
    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 1, false)]
    [InlineData(1, 0, false)]
    [InlineData(0.01, 0.01, true)]
    [InlineData(-1, 1, false)]
    [InlineData(1, -1, false)]
    public void IsKnown_TakesBothConcurrencyAndWork(double inFlight, double workRate, bool expected)
        => Assert.Equal(expected, new OperatingPoint(inFlight, workRate, 0.1).IsKnown);

    [Fact]
    public void Stretch_IsInFlightByWorkRate() => Assert.Equal(3, new OperatingPoint(12, 4, 0.1).Stretch, 12);

    [Theory]
    [InlineData(4, 12, 1)] // Four times as many do four times as much.
    [InlineData(4, 3, 0)] // Saturated.
    [InlineData(4, 6, 0.5)] // ln 2 / ln 4.
    [InlineData(0.25, 1.5, 0.5)] // The same downwards.
    [InlineData(4, 1.5, -0.5)] // Contention: more do less.
    public void ElasticityTo_IsGrowthOfWorkByGrowthOfConcurrency(double times, double workRate, double expected)
        => Assert.Equal(expected, new OperatingPoint(8, 3, 0.1).ElasticityTo(new OperatingPoint(8 * times, workRate, 0.1)), 12);

    [Theory]
    [InlineData(Math.E * Math.E, 0.25)] // ln n grows by 2, and 0.3 and 0.4 make 0.5.
    [InlineData(1 / (Math.E * Math.E), 0.25)] // An error has no sign.
    [InlineData(1.6487212707001282, 1)] // √e: over half the distance it is four times as large as over two.
    public void ElasticityError_ShrinksWithTheDistance(double times, double expected)
        => Assert.Equal(expected, new OperatingPoint(8, 3, 0.3).ElasticityError(new OperatingPoint(8 * times, 5, 0.4)), 12);
}
